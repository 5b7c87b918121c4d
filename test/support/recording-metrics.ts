import type { Metrics } from '../../src/telemetry/index.js'

/** Metrics that only add up, by name. */
export class RecordingMetrics implements Metrics {
  readonly values = new Map<string, number>()
  readonly #readers = new Map<string, () => number>()

  counter(name: string) {
    return {
      add: (by = 1) => {
        this.values.set(name, (this.values.get(name) ?? 0) + by)
      },
    }
  }

  gauge(name: string, _help: string, read?: () => number) {
    if (read !== undefined) {
      this.values.set(name, read())
      this.#readers.set(name, read)
    }
    return {
      set: (value: number) => {
        this.values.set(name, value)
      },
    }
  }

  /** A gauge that is read when it is asked for, as of now. */
  now(name: string): number | undefined {
    return this.#readers.get(name)?.()
  }

  distribution(name: string) {
    return {
      observe: (value: number) => {
        this.values.set(name, value)
      },
    }
  }

  prometheus(): Promise<string> {
    return Promise.resolve('')
  }
  json(): Promise<Readonly<Record<string, unknown>>> {
    return Promise.resolve({})
  }
}
