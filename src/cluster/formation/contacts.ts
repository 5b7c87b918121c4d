import type { Clock } from '../../common/clock.js'
import { MusterError } from '../../common/errors.js'
import type { Logger } from '../../telemetry/index.js'
import type { CallOptions, RpcClient } from '../../rpc/index.js'
import type { AgentInfo, ServerInfo } from '../types.js'
import { lanAddress } from '../addresses.js'
import type { Reachable } from './founding-promises.js'
import { methods, maxServers, readHello, readHelloAnswer, type Hello, type HelloAnswer } from '../server-messages.js'

/** What a server says of itself when it greets. */
export interface Introduction {
  readonly cluster: string | undefined
  readonly expect: number
  readonly carries: boolean
}

/** How the servers know each other. */
export interface ContactsOptions {
  readonly self: ServerInfo
  readonly rpc: Pick<RpcClient, 'call'>
  readonly clock: Clock
  readonly log: Logger
  readonly introduction: () => Introduction
  /** The set of known servers, or one's address, has changed. */
  readonly onChange: () => void
}

/**
 * Milliseconds. A server counts as reachable for a while after it was heard; one that nobody vouches for is forgotten
 * at last.
 */
const timingMs = { hello: 2000, reachable: 5000, forget: 3_600_000, ignoreForgotten: 120_000 }
/** Former addresses tried when a server is silent at its newest. */
const maxAddresses = 4

interface Contact {
  info: ServerInfo
  /** Further addresses reported by other servers, tried in turn while the present one does not answer. */
  otherAddresses: ServerInfo[]
  expect: number
  carries: boolean
  cluster: string | undefined
  /** Monotonic ms; undefined: never in this run. */
  heard: number | undefined
  /** Whether it answered the last greeting. */
  answering: boolean
  readonly since: number
}

/**
 * Servers of the datacenter that this one knows: greeted again and again, with what each said last. A server is known
 * by its node id; its newest address is the one that it answered from, and until it has answered, what others say.
 */
export class Contacts {
  readonly #options: ContactsOptions
  readonly #contacts = new Map<string, Contact>()
  /** When servers were forgotten. */
  readonly #forgotten = new Map<string, number>()

  constructor(options: ContactsOptions, known: readonly ServerInfo[]) {
    this.#options = options
    for (const info of known) if (info.id !== options.self.id) this.#contacts.set(info.id, this.#newContact(info))
  }

  /** Every server known, this one first. */
  list(): readonly ServerInfo[] {
    return [this.#options.self, ...this.others()]
  }

  others(): readonly ServerInfo[] {
    return [...this.#contacts.values()].map(({ info }) => info)
  }

  get(id: string): ServerInfo | undefined {
    return id === this.#options.self.id ? this.#options.self : this.#contacts.get(id)?.info
  }

  /** Whether it answered, or called, recently. */
  isReachable(id: string): boolean {
    if (id === this.#options.self.id) return true
    const heard = this.#contacts.get(id)?.heard
    return heard !== undefined && this.#options.clock.monotonic() - heard < timingMs.reachable
  }

  /** Milliseconds since it answered last; since it has been known when it never did; undefined when it is not known. */
  silence(id: string): number | undefined {
    if (id === this.#options.self.id) return 0
    const contact = this.#contacts.get(id)
    return contact === undefined ? undefined : this.#options.clock.monotonic() - (contact.heard ?? contact.since)
  }

  /** Servers that answered the last greeting. */
  answering(): readonly (Reachable & { readonly info: ServerInfo })[] {
    return [...this.#contacts.values()]
      .filter(({ answering }) => answering)
      .map(({ info, expect, carries, cluster }) => ({
        id: info.id,
        info,
        expect,
        carries,
        ...(cluster !== undefined && { cluster }),
      }))
  }

  /**
   * Forgets a server until it calls itself; what others say of it is not heard for a while, since they forget it at
   * another moment.
   */
  forget(id: string): void {
    const now = this.#options.clock.monotonic()
    for (const [former, at] of this.#forgotten) if (now - at > timingMs.ignoreForgotten) this.#forgotten.delete(former)
    if (this.#forgotten.size < maxServers) this.#forgotten.set(id, now)
    if (this.#contacts.delete(id)) this.#options.onChange()
  }

  forgetAll(): void {
    this.#contacts.clear()
    this.#options.onChange()
  }

  /** Answers `join/hello`. @throws MusterError CLUSTER_WRONG_DATACENTER, CLUSTER_ID_CONFLICT, CLUSTER_DIFFERENT */
  readonly greeted = (body: unknown): HelloAnswer => {
    const { from, cluster, known } = readHello(body)
    const { self, introduction } = this.#options
    const own = introduction()
    if (from !== undefined) {
      this.#admit(from, cluster)
      if (from.server && from.id !== self.id) this.#hearOf({ ...from, server: true }, true)
      for (const info of known) this.#learnFromOthers(info)
    }
    return {
      self,
      datacenter: self.datacenter,
      ...(own.cluster !== undefined && { cluster: own.cluster }),
      expect: own.expect,
      carries: own.carries,
      servers: this.list().slice(0, maxServers),
    }
  }

  /** Greets an agent by address. Rejects as the call does, or when the two do not belong together. */
  async hello(address: string, signal?: AbortSignal): Promise<HelloAnswer> {
    const { self, rpc, introduction } = this.#options
    const { cluster } = introduction()
    const hello: Hello = {
      from: self,
      ...(cluster !== undefined && { cluster }),
      known: this.others().slice(0, maxServers),
    }
    const options: CallOptions = { timeout: timingMs.hello, ...(signal !== undefined && { signal }) }
    const answer = readHelloAnswer(await rpc.call(address, methods.hello, hello, options))
    this.#admit(answer.self, answer.cluster)
    if (answer.self.server && answer.self.id !== self.id) this.#heard({ ...answer.self, server: true }, answer)
    for (const info of answer.servers) this.#learnFromOthers(info)
    return answer
  }

  /** Greets every known server once. */
  async round(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#contacts.values()].map(contact => this.#greet(contact, signal)))
    const now = this.#options.clock.monotonic()
    for (const [id, contact] of this.#contacts) {
      if (now - (contact.heard ?? contact.since) > timingMs.forget) this.forget(id)
    }
  }

  async #greet(contact: Contact, signal: AbortSignal): Promise<void> {
    const { id } = contact.info
    const candidates = [contact.info, ...contact.otherAddresses]
    for (const candidate of candidates) {
      try {
        const { self } = await this.hello(lanAddress(candidate), signal)
        if (self.id === id) return
        this.#options.log.debug('another server answers at the address of a known one', {
          known: contact.info.name,
          answers: self.name,
          address: lanAddress(candidate),
        })
        // The server that answers at this address has replaced the former one, so forget that.
        if (candidates.length === 1 && self.server) {
          this.forget(id)
          return
        }
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof MusterError && error.code === 'CLUSTER_DIFFERENT') {
          this.#differs(contact, error)
          return
        }
      }
    }
    contact.answering = false
  }

  #differs(contact: Contact, error: MusterError): void {
    this.#options.log.warn('a known server is part of another cluster and is forgotten', {
      server: contact.info.name,
      reason: error.message,
    })
    this.forget(contact.info.id)
  }

  /** @throws MusterError when another agent and this one do not belong together */
  #admit(other: AgentInfo, cluster: string | undefined): void {
    const { self, introduction } = this.#options
    if (other.datacenter !== self.datacenter) {
      throw new MusterError(
        'CLUSTER_WRONG_DATACENTER',
        `Member '${other.name}' part of wrong datacenter '${other.datacenter}'`,
        {
          hint: `this agent is of datacenter '${self.datacenter}'; servers of other datacenters are joined with -wan`,
        },
      )
    }
    if (other.id === self.id && (other.name !== self.name || lanAddress(other) !== lanAddress(self))) {
      throw new MusterError(
        'CLUSTER_ID_CONFLICT',
        `Member '${other.name}' has conflicting node ID '${other.id}' with this agent's ID`,
        {
          hint: 'each agent needs a node id of its own: delete the file node-id in the data directory that was copied',
        },
      )
    }
    const own = introduction().cluster
    if (own !== undefined && cluster !== undefined && own !== cluster) {
      throw new MusterError(
        'CLUSTER_DIFFERENT',
        `Member '${other.name}' is part of cluster ${cluster}, '${self.name}' of cluster ${own}: two clusters cannot become one`,
        {
          hint: 'one of them has to leave its cluster first (`muster leave`), which gives up its data',
        },
      )
    }
  }

  /** A server answered: its word about itself counts. */
  #heard(info: ServerInfo, { expect, carries, cluster }: HelloAnswer): void {
    const contact = this.#hearOf(info)
    if (contact === undefined) return
    const moved = !same(contact.info, info)
    if (expect !== 0 && contact.expect !== expect) this.#compareExpect(info, expect)
    Object.assign(contact, {
      info,
      otherAddresses: [],
      expect,
      carries,
      cluster,
      heard: this.#options.clock.monotonic(),
      answering: true,
    })
    if (moved) this.#options.onChange()
  }

  #compareExpect(info: ServerInfo, expect: number): void {
    const own = this.#options.introduction().expect
    if (own !== 0 && own !== expect)
      this.#options.log.warn('servers disagree on bootstrap_expect', { server: info.name, its: expect, own })
  }

  /** Someone else speaks of a server. */
  #learnFromOthers(info: ServerInfo): void {
    const { self, clock } = this.#options
    if (info.id === self.id || info.datacenter !== self.datacenter) return
    if (clock.monotonic() - (this.#forgotten.get(info.id) ?? -Infinity) > timingMs.ignoreForgotten) this.#hearOf(info)
  }

  #newContact(info: ServerInfo): Contact {
    return {
      info,
      otherAddresses: [],
      expect: 0,
      carries: false,
      cluster: undefined,
      heard: undefined,
      answering: false,
      since: this.#options.clock.monotonic(),
    }
  }

  /** `calling`: it calls us itself, so its address is news. */
  #hearOf(info: ServerInfo, calling = false): Contact | undefined {
    const known = this.#contacts.get(info.id)
    if (known === undefined) {
      if (this.#contacts.size >= maxServers - 1) return undefined
      const contact = this.#newContact(info)
      this.#contacts.set(info.id, contact)
      this.#options.onChange()
      return contact
    }
    if (calling) known.heard = this.#options.clock.monotonic()
    const addresses = [known.info, ...known.otherAddresses]
    if (!addresses.some(one => lanAddress(one) === lanAddress(info)) && (calling || !known.answering))
      known.otherAddresses = [info, ...known.otherAddresses].slice(0, maxAddresses)
    return known
  }
}

const same = (one: ServerInfo, other: ServerInfo): boolean =>
  one.name === other.name
  && lanAddress(one) === lanAddress(other)
  && one.ports.raft === other.ports.raft
  && one.ports.wan === other.ports.wan
  && one.build === other.build
