import type { LogHub, LogLevel, LogLine } from '../../../src/telemetry/index.js'
import { RecordingLog } from '../../support/recording-log.js'

/** A log hub whose lines a test writes itself with {@link TestLogHub.emit}. */
export class TestLogHub implements LogHub {
  readonly root = new RecordingLog()
  readonly subscribers = new Set<{ readonly level: LogLevel; readonly on: (line: LogLine) => void }>()

  setLevel(): void {
    this.root.debug('level set')
  }

  subscribe(level: LogLevel, on: (line: LogLine) => void) {
    const entry = { level, on }
    this.subscribers.add(entry)
    return {
      close: () => {
        this.subscribers.delete(entry)
      },
    }
  }

  emit(level: LogLevel, text: string): void {
    for (const { on } of this.subscribers) on({ level, text, json: JSON.stringify({ text }) })
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
