/** Something that a declaration says wrongly, by the path of the key inside the declaration. */
export interface Problem {
  /** From the declaration on, e.g. `['checks', 0, 'interval']`; of a key that is missing, where it would stand. */
  readonly path: readonly (string | number)[]
  readonly severity: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** What a definition depends on besides its own text: the agent's `check_output_max_size`, in bytes. */
export interface Limits {
  readonly checkOutputMaxSize: number
}

/** Most letters of a message: it may quote a value, and a value may be megabytes. */
const maxMessageLength = 500

/** Takes the problems of one declaration, or of one part of it. */
export class Problems {
  readonly list: Problem[]
  readonly #base: readonly (string | number)[]

  constructor(list: Problem[] = [], base: readonly (string | number)[] = []) {
    this.list = list
    this.#base = base
  }

  /** The same list, for the part at `path`. */
  within(path: readonly (string | number)[]): Problems {
    return new Problems(this.list, [...this.#base, ...path])
  }

  error(path: readonly (string | number)[], code: string, message: string, hint?: string): void {
    this.#add('error', path, code, message, hint)
  }

  warning(path: readonly (string | number)[], code: string, message: string, hint?: string): void {
    this.#add('warning', path, code, message, hint)
  }

  /** Whether any of them forbids the declaration. */
  get fatal(): boolean {
    return this.list.some(problem => problem.severity === 'error')
  }

  #add(
    severity: Problem['severity'],
    path: readonly (string | number)[],
    code: string,
    message: string,
    hint?: string,
  ): void {
    this.list.push({
      path: [...this.#base, ...path],
      severity,
      code,
      message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}
