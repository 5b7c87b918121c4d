import { MusterError } from '../../common/errors.js'
import type { Client } from '../client.js'
import { kvQuery, kvWrite, type KvPair } from '../kv.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'
import { delayedRetry, overdue, questionWait, type Lock } from './types.js'

/** Marks keys of a semaphore, for every tool. */
const semaphoreFlags = 16210313421097356768n

/** The value of the coordination key: which sessions hold one of so many places. */
interface Places {
  readonly Limit: number
  readonly Holders: Readonly<Record<string, true>>
}

interface Seen {
  readonly index: string
  readonly places: Places
  /** 0: the coordination key does not exist. */
  readonly modified: number
  /** Sessions that wait or hold, each by a key of its own. */
  readonly contenders: ReadonlySet<string>
}

/** A lock that several hold: each has a key of its own below the prefix, and one key says who is in. */
export class Semaphore implements Lock {
  readonly key: string
  readonly #client: Client
  readonly #prefix: string
  readonly #session: string
  readonly #limit: number

  constructor(client: Client, prefix: string, session: string, limit: number) {
    this.#client = client
    this.#prefix = prefix
    this.key = `${prefix}/.lock`
    this.#session = session
    this.#limit = limit
  }

  async acquire(signal: AbortSignal): Promise<boolean> {
    if (
      !(await kvWrite(
        this.#client,
        'PUT',
        this.#own,
        { acquire: this.#session, flags: String(semaphoreFlags) },
        undefined,
        overdue(),
      ))
    ) {
      throw new MusterError('LOCK_FAILED', `the key ${this.#own} could not be taken for the session`)
    }
    let index = ''
    while (!signal.aborted) {
      const seen = await this.#look(index, signal)
      const holders = living(seen)
      if (holders.includes(this.#session)) return true
      if (holders.length >= this.#limit) {
        index = seen.index
        continue
      }
      if (await this.#write([...holders, this.#session], seen.modified)) return true
      index = ''
      await pause(commandClock, delayedRetry / 10, signal)
    }
    return false
  }

  async isHeld(index: string, signal: AbortSignal): Promise<{ held: boolean; index: string }> {
    const seen = await this.#look(index, signal)
    return { held: living(seen).includes(this.#session), index: seen.index }
  }

  async release(): Promise<void> {
    for (;;) {
      const seen = await this.#look('', overdue())
      const holders = living(seen)
      if (
        !holders.includes(this.#session)
        || (await this.#write(
          holders.filter(id => id !== this.#session),
          seen.modified,
        ))
      )
        break
      await pause(commandClock, delayedRetry / 10)
    }
    await kvWrite(this.#client, 'DELETE', this.#own, {}, undefined, overdue())
  }

  async cleanup(): Promise<boolean> {
    const seen = await this.#look('', overdue())
    if (seen.modified === 0) return true
    if (living(seen).length > 0) return false
    return kvWrite(this.#client, 'DELETE', this.key, { cas: String(seen.modified) }, undefined, overdue())
  }

  get #own(): string {
    return `${this.#prefix}/${this.#session}`
  }

  async #look(index: string, signal: AbortSignal): Promise<Seen> {
    const { pairs, index: now } = await kvQuery(
      this.#client,
      `${this.#prefix}/`,
      {
        recurse: '',
        consistent: '',
        ...(index !== '' && { index, wait: questionWait }),
      },
      signal,
    )
    const pair = pairs.find(({ key }) => key === this.key)
    // Any key that a session holds here proves that it is alive, since not every client uses a key of its own.
    const contenders = new Set(pairs.filter(({ session }) => session !== '').map(({ session }) => session))
    return { index: now, places: this.#places(pair), modified: pair?.modifyIndex ?? 0, contenders }
  }

  #places(pair: KvPair | undefined): Places {
    if (pair === undefined) return { Limit: this.#limit, Holders: {} }
    if (pair.flags !== semaphoreFlags) {
      throw new MusterError('LOCK_FOREIGN', `Existing key does not match semaphore use: ${this.key}`, {
        hint: 'choose another prefix, or delete that key',
      })
    }
    if (pair.value.length === 0) return { Limit: this.#limit, Holders: {} }
    const places = placesIn(pair.value)
    if (places === undefined)
      throw new MusterError('LOCK_FOREIGN', `${this.key} does not hold what a semaphore keeps there`, {
        hint: 'choose another prefix, or delete that key',
      })
    if (places.Limit !== this.#limit) {
      throw new MusterError('LOCK_LIMIT', `Semaphore limit conflict (lock: ${places.Limit}, local: ${this.#limit})`, {
        hint: `give -n=${places.Limit}, or choose another prefix`,
      })
    }
    return places
  }

  #write(holders: readonly string[], modified: number): Promise<boolean> {
    const places: Places = { Limit: this.#limit, Holders: Object.fromEntries(holders.map(id => [id, true])) }
    return kvWrite(
      this.#client,
      'PUT',
      this.key,
      { cas: String(modified), flags: String(semaphoreFlags) },
      Buffer.from(JSON.stringify(places)),
      overdue(),
    )
  }
}

/** Holders whose sessions still live: a key of theirs is gone when the session is. */
const living = ({ places, contenders }: Seen): string[] => Object.keys(places.Holders).filter(id => contenders.has(id))

function placesIn(value: Buffer): Places | undefined {
  try {
    const places: unknown = JSON.parse(value.toString('utf8'))
    if (typeof places !== 'object' || places === null || !('Limit' in places) || typeof places.Limit !== 'number')
      return undefined
    const holders = 'Holders' in places ? places.Holders : {}
    if (typeof holders !== 'object') return undefined
    return { Limit: places.Limit, Holders: Object.fromEntries(Object.keys(holders ?? {}).map(id => [id, true])) }
  } catch {
    return undefined
  }
}
