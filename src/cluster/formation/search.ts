import { MusterError, errorMessage } from '../../common/errors.js'
import { lanAddress } from '../addresses.js'
import {
  beginFounding,
  considerFounding,
  promiseGranted,
  withoutPromise,
  type Founding,
  type FoundingAction,
  type Surroundings,
} from './founding-promises.js'
import type { MemberLife } from './member-life.js'
import { methods } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'

/** Rounds after which it is said again what is waited for. */
const explainEvery = 200
/** Milliseconds. */
const callTimeout = 2000

/** What a search has come to: this server founds, or enters through another. */
export type Found = Extract<FoundingAction, { readonly do: 'found' | 'enter' }>

/**
 * A server without a cluster looks for others, until one of them is part of one or enough of them have promised
 * themselves to a founder.
 */
export class Search {
  readonly #life: MemberLife
  readonly #expect: number
  #founding: Founding
  #rounds = 0

  constructor(life: MemberLife, expect: number) {
    this.#life = life
    this.#expect = expect
    this.#founding = this.#remembered()
  }

  get founding(): Founding {
    return this.#founding
  }

  /** Begins with what is on the disk. */
  begin(): void {
    this.#founding = this.#remembered()
  }

  /** A changed record is on the disk when this returns. */
  keep(founding: Founding): void {
    if (founding.record !== this.#founding.record) this.#life.record.set({ founding: founding.record })
    this.#founding = founding
  }

  /** Greets all and considers what they say. */
  async round(): Promise<Found | undefined> {
    const { contacts, signal, record, newToken } = this.#life
    await contacts.round(signal)
    if (++this.#rounds % explainEvery === 0) this.#explain()
    if (record.facts.removed === true) {
      const formed = contacts.answering().find(({ cluster }) => cluster !== undefined)
      return formed?.cluster === undefined ? undefined : { do: 'enter', id: formed.id, cluster: formed.cluster }
    }
    const { founding, actions } = considerFounding(this.#founding, { ...this.#around(), token: newToken() })
    this.keep(founding)
    for (const action of actions) {
      if (action.do === 'found' || action.do === 'enter') return action
      if (action.do === 'verify') await this.#verify(action.id, action.token)
      else await Promise.all(action.ids.map(id => this.#askPromise(id, action.token)))
    }
    return undefined
  }

  #remembered(): Founding {
    const { self, importFrom, record } = this.#life
    return beginFounding(self.id, importFrom !== undefined, record.facts.founding)
  }

  #around(): Omit<Surroundings, 'token'> {
    const { contacts } = this.#life
    return { expect: this.#expect, reachable: contacts.answering(), known: contacts.list().length }
  }

  async #askPromise(id: string, token: string): Promise<void> {
    const { self, newToken, importFrom, log } = this.#life
    try {
      const answer = new Shape(
        await this.#ask(id, methods.promise, { from: self.id, carries: importFrom !== undefined, token }),
        'the answer to a request for a promise',
      )
      if (!answer.has('cluster') && answer.flag('promised'))
        this.keep(promiseGranted(this.#founding, id, token, { ...this.#around(), token: newToken() }))
    } catch (error) {
      log.debug('a server does not answer a request for its promise', { id, reason: errorMessage(error) })
    }
  }

  async #verify(id: string, token: string): Promise<void> {
    try {
      const answer = new Shape(await this.#ask(id, methods.meant, { token }), 'the answer about a promise')
      if (!answer.flag('meant')) this.keep(withoutPromise(this.#founding, id, token))
    } catch (error) {
      this.#life.log.debug('the founder does not answer', { id, reason: errorMessage(error) })
    }
  }

  #ask(id: string, method: string, body: unknown): Promise<unknown> {
    const { contacts, rpc, signal } = this.#life
    const info = contacts.get(id)
    if (info === undefined) return Promise.reject(new MusterError('CLUSTER_UNREACHABLE', `server ${id} is not known`))
    return rpc.call(lanAddress(info), method, body, { timeout: callTimeout, signal })
  }

  #explain(): void {
    const { contacts, log, record, self } = this.#life
    const { promise } = this.#founding.record
    const fields = {
      expect: this.#expect,
      known: contacts
        .list()
        .map(({ name }) => name)
        .join(', '),
    }
    if (promise !== undefined && promise.to !== self.id) {
      log.warn('promised to a founder that does not go on', {
        ...fields,
        founder: contacts.get(promise.to)?.name ?? promise.to,
        hint: 'if it is lost for good, stop this server, delete servers.json in its data directory and start it again',
      })
    } else if (record.facts.removed === true) {
      log.warn('was part of a cluster before and found no server of it', {
        ...fields,
        hint: 'join one of its servers; if it is gone, delete servers.json in the data directory',
      })
    } else {
      log.info('waiting for other servers', fields)
    }
  }
}
