import type { Logger, LogLevel } from '../telemetry/index.js'

type Line = readonly [
  part: string,
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>> | undefined,
]

/** A log for the time before the settings say where log lines go: keeps them, then hands them over and passes on. */
export class EarlyLog {
  readonly #lines: Line[] = []
  #target: Logger | undefined

  /** The logger of a part. */
  child(part: string): Logger {
    const write =
      (level: LogLevel) =>
      (message: string, fields?: Readonly<Record<string, unknown>>): void => {
        if (this.#target === undefined) this.#lines.push([part, level, message, fields])
        else this.#target.child(part)[level](message, fields)
      }
    const takesDebug = (): boolean => this.#target?.takesDebug ?? true
    return {
      get takesDebug() {
        return takesDebug()
      },
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: inner => this.child(inner),
    }
  }

  handOver(target: Logger): void {
    this.#target = target
    for (const [part, level, message, fields] of this.#lines) target.child(part)[level](message, fields)
    this.#lines.length = 0
  }
}
