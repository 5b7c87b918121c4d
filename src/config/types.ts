import type { CheckKindOptions } from '../check-kinds/index.js'

/** A place in a file: path as the user gave it (directory joined with file name), line and column from 1. */
export interface Origin {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** One finding, the same type for `validate`, start, reload, the log, HTTP and the exit code. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** Stable and kebab-case: `unknown-key`, `bad-duration`, `duplicate-id`, `syntax`. */
  readonly code: string
  /** Absent only for findings of the command line. */
  readonly at?: Origin
  /** Dotted path of the key, `service.checks[0].interval`, where there is one. */
  readonly key?: string
  /** What was found and what is allowed, in one sentence. */
  readonly message: string
  /** What to do, e.g. `did you mean "http"?` */
  readonly hint?: string
  /** The other place, for duplicates and disagreements. */
  readonly other?: Origin
  /** Of `more-findings`: how many findings of the file it stands for. */
  readonly more?: { readonly errors: number; readonly warnings: number }
}

/** A check ready to run: every default filled in, durations parsed, ids assigned. Which kind it is, `kind` says. */
export interface CheckDefinition {
  readonly id: string
  readonly name: string
  readonly notes: string
  /** '' for a check of the node. */
  readonly serviceId: string
  readonly token: string
  readonly status: 'passing' | 'warning' | 'critical'
  /** Times are milliseconds. */
  readonly kind: CheckKindOptions
  readonly successBeforePassing: number
  readonly failuresBeforeWarning: number
  readonly failuresBeforeCritical: number
  readonly outputMaxSize: number
  /** Milliseconds; undefined: never. */
  readonly deregisterCriticalServiceAfter?: number
  /** The definition as written, CamelCase keys and Go duration texts, for API answers. */
  readonly written: Readonly<Record<string, unknown>>
}

/** A service ready to be registered: every default filled in. `checks` are in the order that numbers their ids. */
export interface ServiceDefinition {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly tags: readonly string[]
  readonly address: string
  readonly taggedAddresses: Readonly<Record<string, { readonly address: string; readonly port: number }>> | null
  readonly meta: Readonly<Record<string, string>>
  readonly port: number
  readonly socketPath: string
  readonly weights: { readonly passing: number; readonly warning: number }
  readonly enableTagOverride: boolean
  /** What was registered over the API for a service mesh: kept and shown as it came, without effect. */
  readonly mesh?: {
    readonly proxy?: Readonly<Record<string, unknown>>
    readonly connect?: Readonly<Record<string, unknown>>
  }
  readonly token: string
  readonly checks: readonly CheckDefinition[]
}

/** A service as a file declares it. */
export interface DeclaredService {
  readonly definition: ServiceDefinition
  readonly origin: Origin
}
/** A top-level check as a file declares it. */
export interface DeclaredCheck {
  readonly definition: CheckDefinition
  readonly origin: Origin
}
/** A watch as a file declares it, validated but not interpreted here; `written` has the schema's keys. */
export interface DeclaredWatch {
  readonly written: Readonly<Record<string, unknown>>
  readonly origin: Origin
}

/** All that files declare, by id. */
export interface Declared {
  readonly services: ReadonlyMap<string, DeclaredService>
  readonly checks: ReadonlyMap<string, DeclaredCheck>
  readonly watches: readonly DeclaredWatch[]
}

/** One difference between two {@link Declared}, as `muster plan` prints it and a reload applies it. */
export type DeclaredChange =
  | {
      readonly kind: 'service'
      readonly op: 'add' | 'change'
      readonly id: string
      readonly declared: DeclaredService
      readonly before?: DeclaredService
    }
  | { readonly kind: 'service'; readonly op: 'remove'; readonly id: string; readonly before: DeclaredService }
  | {
      readonly kind: 'check'
      readonly op: 'add' | 'change'
      readonly id: string
      readonly declared: DeclaredCheck
      readonly before?: DeclaredCheck
    }
  | { readonly kind: 'check'; readonly op: 'remove'; readonly id: string; readonly before: DeclaredCheck }

/** A setting whose new value waits for a restart. */
export interface NeedsRestart {
  readonly key: string
  readonly running: unknown
  readonly written: unknown
  readonly at?: Origin
}
