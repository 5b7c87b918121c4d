import type { Metrics } from '../../src/telemetry/index.js'

/** Metrics that only add up, by name. */
export class RecordingMetrics implements Metrics {
  readonly values = new Map<string, number>()

  counter(name: string) {
    return { add: (by = 1) => { this.values.set(name, (this.values.get(name) ?? 0) + by) } }
  }

  gauge(name: string, _help: string, read?: () => number) {
    if (read !== undefined) this.values.set(name, read())
    return { set: (value: number) => { this.values.set(name, value) } }
  }

  distribution(name: string) {
    return { observe: (value: number) => { this.values.set(name, value) } }
  }

  prometheus(): Promise<string> { return Promise.resolve('') }
  json(): Promise<Readonly<Record<string, unknown>>> { return Promise.resolve({}) }
}
