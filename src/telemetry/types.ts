/** Severity in rising order. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/**
 * A part's logger. Warnings and errors have a fixed message with the variables as fields, so that they can be counted.
 * A function either handles an error or returns it; it never logs and rethrows. Durations in seconds.
 */
export interface Logger {
  /** Whether anybody takes debug lines: asked before a line of which there are thousands a second. */
  readonly takesDebug: boolean
  trace(message: string, fields?: Readonly<Record<string, unknown>>): void
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A logger whose lines carry the part's name: `log.child('dns')`. */
  child(part: string): Logger
}

/** One formatted line for `/v1/agent/monitor`. */
export interface LogLine {
  readonly level: LogLevel
  readonly text: string
  readonly json: string
}

/** The log of the process: levels can change while it runs, and others can listen in. */
export interface LogHub {
  readonly root: Logger
  setLevel(level: LogLevel): void
  /**
   * Lines from now on, at `level` or above, whatever the log's own level. A slow listener loses lines and is told how
   * many.
   */
  subscribe(level: LogLevel, on: (line: LogLine) => void): { close(): void }
  close(): Promise<void>
}

/** A number that only rises. */
export interface Counter {
  add(by?: number): void
}
/** A number that is what it is. */
export interface Gauge {
  set(value: number): void
}
/** A distribution of observed values (seconds, bytes). */
export interface Distribution {
  observe(value: number): void
}

/** Metrics registry: Prometheus text and Consul's JSON from one set of instruments. Names are dotted: `dns.queries`. */
export interface Metrics {
  counter(name: string, help: string): Counter
  /** `read`, when given, is asked at each collection. */
  gauge(name: string, help: string, read?: () => number): Gauge
  distribution(name: string, help: string): Distribution
  /** Text format 0.0.4. */
  prometheus(): Promise<string>
  /** `{Timestamp,Gauges,Points,Counters,Samples}` as `/v1/agent/metrics` shows it. */
  json(): Promise<Readonly<Record<string, unknown>>>
}
