import { milliseconds, parseDuration } from '../../common/duration.js'
import type { Duration } from '../../common/duration.js'
import { quote } from '../read/finding.js'
import { nodeAt } from '../read/keys.js'
import type { Merged } from '../combine/merge.js'
import type { Diagnostic } from '../types.js'

/** What a resolver has to say about a setting. */
export interface SettingProblem {
  readonly severity?: 'error' | 'warning'
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/**
 * Reads merged settings by their dotted keys. Where nothing was written, the schemas' default is the value, so that no
 * default is written down twice. Collects what is wrong, with the place of the key.
 */
export class Reader {
  readonly diagnostics: Diagnostic[] = []
  readonly #merged: Merged
  readonly #partial: boolean

  constructor(merged: Merged, partial = false) {
    this.#merged = merged
    this.#partial = partial
  }

  /**
   * Notes that a setting needs another one, which nobody wrote: an error, or a warning where the rest of the files is
   * not known.
   */
  misses(key: string, problem: SettingProblem): void {
    this.report(key, this.#partial ? { ...problem, severity: 'warning' } : problem)
  }

  /** What was written under a dotted key, if anything. */
  written(key: string): unknown {
    let value: unknown = this.#merged.value
    for (const step of key.split('.')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
      value = (value as Readonly<Record<string, unknown>>)[step]
    }
    return value
  }

  /** A text, without white space around it. */
  text(key: string): string {
    const value = this.#value(key)
    return typeof value === 'string' ? value.trim() : ''
  }

  number(key: string): number {
    const value = this.#value(key)
    return typeof value === 'number' ? value : 0
  }

  flag(key: string): boolean {
    return this.#value(key) === true
  }

  list(key: string): readonly string[] {
    const value = this.#value(key)
    return Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
  }

  map(key: string): Readonly<Record<string, string>> {
    const value = this.#value(key)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
    return Object.fromEntries(
      Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  }

  /** A duration of at least 0; a negative one is an error. */
  duration(key: string): Duration {
    return this.parsed(key, this.text(key))
  }

  /** A duration that was found under `key`. */
  parsed(key: string, text: string): Duration {
    const duration = parseDuration(text)
    if (duration !== undefined && duration >= 0) return duration
    this.report(key, {
      code: 'bad-duration',
      message: `${quote(key)} must be a duration of at least 0, found ${quote(text)}`,
    })
    return milliseconds(0)
  }

  /** Notes a problem with what stands under `key`, a dotted key or a list's element. */
  report(key: string, { severity = 'error', code, message, hint }: SettingProblem): void {
    const at = this.#merged.origin(key)
    this.diagnostics.push({
      severity,
      code,
      key,
      message,
      ...(at === undefined ? {} : { at }),
      ...(hint === undefined ? {} : { hint }),
    })
  }

  #value(key: string): unknown {
    return this.written(key) ?? nodeAt(key.split('.'))?.default
  }
}
