import { MusterError } from '../../common/errors.js'
import type { Client } from '../client.js'
import { kvQuery, kvWrite, type KvPair } from '../kv.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'
import { delayedRetry, overdue, questionWait, type Lock } from './types.js'

/** Marks a key as a lock, for every tool. */
const lockFlags = 3304740253564472344n

/** A lock that one holds: the key belongs to its session. */
export class Mutex implements Lock {
  readonly key: string
  readonly #client: Client
  readonly #session: string

  constructor(client: Client, prefix: string, session: string) {
    this.#client = client
    this.key = `${prefix}/.lock`
    this.#session = session
  }

  async acquire(signal: AbortSignal): Promise<boolean> {
    let index = ''
    while (!signal.aborted) {
      const { pair, now } = await this.#look(index, signal)
      this.#judge(pair)
      if (pair?.session === this.#session) return true
      if (pair !== undefined && pair.session !== '') {
        index = now
        continue
      }
      if (
        await kvWrite(
          this.#client,
          'PUT',
          this.key,
          { acquire: this.#session, flags: String(lockFlags) },
          undefined,
          overdue(),
        )
      )
        return true
      index = ''
      await pause(commandClock, delayedRetry, signal)
    }
    return false
  }

  async isHeld(index: string, signal: AbortSignal): Promise<{ held: boolean; index: string }> {
    const { pair, now } = await this.#look(index, signal)
    return { held: pair?.session === this.#session, index: now }
  }

  async release(): Promise<void> {
    await kvWrite(
      this.#client,
      'PUT',
      this.key,
      { release: this.#session, flags: String(lockFlags) },
      undefined,
      overdue(),
    )
  }

  async cleanup(): Promise<boolean> {
    const { pair } = await this.#look('', overdue())
    if (pair === undefined) return true
    this.#judge(pair)
    if (pair.session !== '') return false
    return kvWrite(this.#client, 'DELETE', this.key, { cas: String(pair.modifyIndex) }, undefined, overdue())
  }

  /** The key as it is, or as it is once it differs from what it was at `index`. */
  async #look(index: string, signal: AbortSignal): Promise<{ pair: KvPair | undefined; now: string }> {
    const parameters = { consistent: '', ...(index !== '' && { index, wait: questionWait }) }
    const { pairs, index: now } = await kvQuery(this.#client, this.key, parameters, signal)
    return { pair: pairs[0], now }
  }

  #judge(pair: KvPair | undefined): void {
    if (pair !== undefined && pair.flags !== lockFlags) {
      throw new MusterError('LOCK_FOREIGN', `Existing key does not match lock use: ${this.key}`, {
        hint: 'choose another prefix, or delete that key',
      })
    }
  }
}
