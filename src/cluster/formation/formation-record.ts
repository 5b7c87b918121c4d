import { MusterError, errorMessage } from '../../common/errors.js'
import type { ServerInfo } from '../types.js'
import type { FormationFiles } from './files.js'
import type { FoundingRecord } from './founding-promises.js'
import { maxServers, readServer } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'

/** What a server remembers about the servers of its datacenter, over restarts and crashes. */
export interface FormationFacts {
  /** The cluster that it is, or was last, part of; undefined before and after. */
  readonly cluster?: string
  /** Peer URL that the cluster knows this server by. */
  readonly peerUrl?: string
  readonly founding: FoundingRecord
  /** It has asked to enter a cluster and is no voter yet. */
  readonly entering?: true
  /** It was removed from a cluster that it has not entered again: it must not found another one. */
  readonly removed?: true
  /** It left by itself: a later start begins afresh. */
  readonly left?: true
  readonly known: readonly ServerInfo[]
}

/** What is to be remembered otherwise; a field given as undefined is forgotten. */
export type RecordChange = { readonly [Name in keyof FormationFacts]?: FormationFacts[Name] | undefined }

/** In the data directory. */
const recordFile = 'servers.json'

/** The cluster that a server is, or was when it ran last, a voter of. */
export const votedIn = ({ cluster, entering, left }: FormationFacts): string | undefined =>
  entering === true || left === true ? undefined : cluster

const nothing: FormationFacts = { founding: {}, known: [] }

/**
 * `<data-dir>/servers.json`. Written whole, to the disk, before {@link FormationRecord.set} returns, and only when
 * something changed: a promise must survive the power going out right after it was given.
 */
export class FormationRecord {
  readonly #files: FormationFiles
  #facts: FormationFacts
  #written: string

  private constructor(files: FormationFiles, facts: FormationFacts, written: string) {
    this.#files = files
    this.#facts = facts
    this.#written = written
  }

  /**
   * @throws MusterError CLUSTER_RECORD when the file cannot be read: what was promised must not be forgotten silently
   */
  static open(files: FormationFiles): FormationRecord {
    try {
      const text = files.read(recordFile)
      if (text === undefined) return new FormationRecord(files, nothing, '')
      return new FormationRecord(files, readFacts(JSON.parse(text)), text)
    } catch (error) {
      throw unreadable(files.path(recordFile), error)
    }
  }

  get facts(): FormationFacts {
    return this.#facts
  }

  /**
   * Changes what is remembered; a field given as undefined is forgotten. @throws the system's error when it cannot be
   * written: nothing was changed
   */
  set(change: RecordChange): void {
    const merged = Object.fromEntries(
      Object.entries({ ...this.#facts, ...change }).filter(([, value]) => value !== undefined),
    ) as unknown as FormationFacts
    const text = `${JSON.stringify({ version: 1, ...merged }, undefined, 2)}\n`
    if (text !== this.#written) {
      this.#files.replace(recordFile, text)
      this.#written = text
    }
    this.#facts = merged
  }
}

function readFacts(value: unknown): FormationFacts {
  const read = new Shape(value, 'it')
  if (read.number('version') !== 1) throw new MusterError('CLUSTER_RECORD', 'it is of a later version')
  const cluster = read.optionalText('cluster')
  const peerUrl = read.optionalText('peerUrl')
  const founding = read.object('founding')
  const promise = founding.has('promise') ? founding.object('promise') : undefined
  return {
    ...(cluster !== undefined && { cluster }),
    ...(peerUrl !== undefined && { peerUrl }),
    founding: {
      ...(promise !== undefined && { promise: { to: promise.text('to'), token: promise.text('token') } }),
      ...(founding.has('decided') && { decided: true as const }),
    },
    ...(read.has('entering') && { entering: true as const }),
    ...(read.has('removed') && { removed: true as const }),
    ...(read.has('left') && { left: true as const }),
    known: read.list('known', maxServers, readServer),
  }
}

const unreadable = (path: string, cause: unknown): MusterError =>
  new MusterError('CLUSTER_RECORD', `cannot read ${path}: ${errorMessage(cause)}`, {
    hint: 'it holds the servers that this one knows and what it promised them; where it is lost, delete it and join again',
    cause,
  })
