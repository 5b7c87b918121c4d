import { pino } from 'pino'
import type { Clock } from '../common/clock.js'
import { formatText, levelOf, severity, type LogRecord } from './log-format.js'
import { LogFile, type LogFileOptions } from './log-file.js'
import { LogListener } from './log-listener.js'
import { cleanFields, scrub } from './redact.js'
import type { Logger, LogHub, LogLevel, LogLine } from './types.js'

/** What a log is built from. */
export interface LogHubOptions {
  readonly level: LogLevel
  /** JSON lines instead of lines for people, on the stream and in the file. */
  readonly json: boolean
  /** Where lines go; its errors (a reader that went away) silence it and nothing else. */
  readonly stream: NodeJS.WritableStream
  /** Colours the levels on the stream. */
  readonly colors: boolean
  readonly file?: LogFileOptions
  readonly clock: Clock
}

/**
 * Opens the log of the process. Lines are written before the logging call returns.
 * @throws MusterError LOG_FILE when there is a log file and it cannot be opened.
 */
export const createLogHub = (options: LogHubOptions): LogHub => new Hub(options)

class Hub implements LogHub {
  readonly root: Logger
  readonly #options: LogHubOptions
  readonly #pino: pino.Logger
  readonly #file: LogFile | undefined = undefined
  readonly #listeners = new Map<LogListener, LogLevel>()
  readonly #onStreamError = (): void => {
    this.#streamIsGone = true
  }
  #level: LogLevel
  #streamIsGone = false

  constructor(options: LogHubOptions) {
    this.#options = options
    this.#level = options.level
    if (options.file !== undefined)
      this.#file = new LogFile(options.file, options.clock, message => {
        this.#complain(message)
      })
    options.stream.on('error', this.#onStreamError)
    this.#pino = pino(
      {
        level: options.level,
        base: null,
        messageKey: '@message',
        timestamp: () => `,"@timestamp":"${timestamp(options.clock)}"`,
        formatters: { level: label => ({ '@level': label }) },
      },
      {
        write: line => {
          this.#write(line)
        },
      },
    )
    this.root = new PartLogger(this.#pino, undefined)
  }

  setLevel(level: LogLevel): void {
    this.#level = level
    this.#listen()
  }

  subscribe(level: LogLevel, on: (line: LogLine) => void): { close(): void } {
    const listener = new LogListener(on, count =>
      line({
        '@level': 'warn',
        '@timestamp': timestamp(this.#options.clock),
        'count': count,
        '@message': 'log lines were left out: too many at once',
      }),
    )
    this.#listeners.set(listener, level)
    this.#listen()
    return {
      close: () => {
        this.#listeners.delete(listener)
        listener.close()
        this.#listen()
      },
    }
  }

  close(): Promise<void> {
    for (const listener of this.#listeners.keys()) listener.close()
    this.#listeners.clear()
    this.#pino.level = 'silent'
    this.#file?.close()
    this.#options.stream.removeListener('error', this.#onStreamError)
    return Promise.resolve()
  }

  /** Lets pino make only the lines that someone takes: the log itself or the most curious listener. */
  #listen(): void {
    this.#pino.level = [this.#level, ...this.#listeners.values()].reduce((a, b) => (severity[a] <= severity[b] ? a : b))
  }

  #write(json: string): void {
    const record = JSON.parse(json) as LogRecord
    const level = severity[levelOf(record)]
    if (level >= severity[this.#level]) {
      const { json: asJson, colors, stream } = this.#options
      if (!this.#streamIsGone) stream.write(asJson ? json : `${formatText(record, colors)}\n`)
      this.#file?.write(asJson ? json : `${formatText(record)}\n`)
    }
    for (const [listener, wanted] of this.#listeners) {
      if (level >= severity[wanted]) listener.push(line(record, json.trimEnd()))
    }
  }

  #complain(message: string): void {
    const record = { '@level': 'error', '@timestamp': timestamp(this.#options.clock), '@message': message }
    if (!this.#streamIsGone)
      this.#options.stream.write(`${this.#options.json ? JSON.stringify(record) : formatText(record)}\n`)
  }
}

const timestamp = (clock: Clock): string => new Date(clock.now()).toISOString()

const line = (record: LogRecord, json = JSON.stringify(record)): LogLine => ({
  level: levelOf(record),
  text: formatText(record),
  json,
})

/** One pino logger serves all parts, so that a new level is one assignment. */
class PartLogger implements Logger {
  readonly #pino: pino.Logger
  readonly #part: string | undefined

  constructor(logger: pino.Logger, part: string | undefined) {
    this.#pino = logger
    this.#part = part
  }

  get takesDebug(): boolean {
    return this.#pino.isLevelEnabled('debug')
  }

  trace(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log('trace', message, fields)
  }
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log('debug', message, fields)
  }
  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log('info', message, fields)
  }
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log('warn', message, fields)
  }
  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#log('error', message, fields)
  }

  child(part: string): Logger {
    return new PartLogger(this.#pino, this.#part === undefined ? part : `${this.#part}.${part}`)
  }

  #log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    if (!this.#pino.isLevelEnabled(level)) return
    const clean = fields === undefined ? {} : cleanFields(fields)
    this.#pino[level](this.#part === undefined ? clean : { '@module': this.#part, ...clean }, scrub(message))
  }
}
