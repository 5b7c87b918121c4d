import type { Accepts } from '../common/accepts.js'
import type { WrittenCheck } from '../generated/types.js'
import type { CheckKeys } from './key.js'

/** Takes what is wrong with a check in a file. `path` leads from the check to the key. */
export interface Findings {
  error(path: readonly (string | number)[], code: string, message: string, hint?: string): void
  warning(path: readonly (string | number)[], code: string, message: string, hint?: string): void
}

/** Whether a check says something under a key; an empty text or list says nothing. */
export type Says = (key: keyof WrittenCheck) => boolean

/** Times of a check that asks something again and again, in milliseconds. */
export interface Timed {
  /** At least 1000. */
  readonly interval: number
  /** Above 0. */
  readonly timeout: number
}

/** How a check that speaks TLS judges the certificate. */
export interface Tls {
  /** '' for the name in its address. */
  readonly tlsServerName: string
  readonly tlsSkipVerify: boolean
}

/** All that is known of a kind of check besides how it is run. The kinds stand in `all.ts`. */
export interface CheckKind {
  /** The `Type` of its checks in answers. */
  readonly name: string
  /** The keys that ask for it, of which one is enough; messages call it by them. */
  readonly targets: readonly (keyof WrittenCheck)[]
  /** The keys that are there for this kind. Those of all checks stand in `common-keys.ts`. */
  readonly keys: CheckKeys
  /** It asks something at an interval, and is not told. */
  readonly polled: boolean
  /** It starts a program that the check names, which an agent has to allow. */
  readonly startsProgram?: boolean
  /** The kind whose targets it needs beside its own, which is named in its stead to whoever looks for a kind. */
  readonly variantOf?: string
  /** Whether a check that says something under one of the targets is of this kind, where that alone does not decide. */
  readonly isAsked?: (says: Says) => boolean
  /** Judges in a file what this kind alone has, in a check that asks for nothing else. */
  readonly judge?: (written: WrittenCheck, findings: Findings) => void
  /** The advice for a check without a kind that has a key of this one; false if it has none. */
  readonly judgeIncomplete?: (written: WrittenCheck, findings: Findings) => boolean
  /** What a check of this kind does, with its defaults. The text was judged before. */
  readonly options: (written: WrittenCheck) => { readonly type: string }
  /** What has to be there of the options when they are read from disk; what lacks any of it is of another version. */
  readonly kept: Readonly<Record<string, Accepts>>
}

/** A kind by what its checks do. */
export interface KindOf<Options extends { readonly type: string }> extends CheckKind {
  readonly name: Options['type']
  readonly polled: Options extends Timed ? true : false
  readonly options: (written: WrittenCheck) => Options
  readonly kept: Readonly<Record<Exclude<keyof Options, 'type'>, Accepts>>
}
