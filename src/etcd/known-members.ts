import { errorMessage } from '../common/errors.js'
import type { Logger } from '../telemetry/index.js'
import { readMembers, withFormer, writeMembers } from './member-file.js'
import type { Renumbering } from './renumbering.js'
import type { KnownPeer } from './types.js'

/** What keeping the list of members takes. `own` is this member: its name and where others reach it. */
export interface KnownMembersOptions {
  readonly directory: string
  readonly own: { readonly name: string; readonly peerUrl: string }
  /** Told of every change. */
  readonly renumbering: Renumbering
  readonly log: Logger
}

/** The members of the own cluster as last seen, kept in a file over restarts. */
export class KnownMembers {
  readonly #options: KnownMembersOptions
  #list: readonly KnownPeer[]
  /** Whether the list could not be written when it changed last. */
  #isUnsaved = false

  constructor(options: KnownMembersOptions) {
    this.#options = options
    this.#list = readMembers(options.directory)
    options.renumbering.know(this.#list)
  }

  get list(): readonly KnownPeer[] {
    return this.#list
  }

  /** Takes over the members as they are seen now, and writes them where they have changed. */
  remember(members: readonly KnownPeer[]): void {
    const { directory, own, renumbering, log } = this.#options
    const seen = withFormer(this.#list, members, own)
    if (JSON.stringify(seen) === JSON.stringify(this.#list) && !this.#isUnsaved) return
    this.#list = seen
    renumbering.know(seen)
    try {
      writeMembers(directory, seen)
      this.#isUnsaved = false
    } catch (error) {
      if (!this.#isUnsaved)
        log.warn('cannot keep the list of members, trying again until it is kept', { reason: errorMessage(error) })
      this.#isUnsaved = true
    }
  }

  /** The file was moved aside with the data. */
  forget(): void {
    this.#list = []
    this.#options.renumbering.know([])
  }
}
