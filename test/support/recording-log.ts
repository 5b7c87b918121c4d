import type { Logger, LogLevel } from '../../src/telemetry/index.js'

/** One line that was logged. */
export interface RecordedLine {
  readonly level: LogLevel
  readonly part: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that prints nothing and remembers its lines; children write into the same list. */
export class RecordingLog implements Logger {
  /** As a log at info: what is answered from memory is tested that way. */
  readonly takesDebug = false

  constructor(
    readonly lines: RecordedLine[] = [],
    readonly part = '',
  ) {}
  trace(message: string, fields = {}): void {
    this.#add('trace', message, fields)
  }
  debug(message: string, fields = {}): void {
    this.#add('debug', message, fields)
  }
  info(message: string, fields = {}): void {
    this.#add('info', message, fields)
  }
  warn(message: string, fields = {}): void {
    this.#add('warn', message, fields)
  }
  error(message: string, fields = {}): void {
    this.#add('error', message, fields)
  }
  child(part: string): Logger {
    return new RecordingLog(this.lines, part)
  }

  /** Messages of a level. */
  messages(level: LogLevel): readonly string[] {
    return this.lines.filter(line => line.level === level).map(line => line.message)
  }

  #add(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level, part: this.part, message, fields })
  }
}
