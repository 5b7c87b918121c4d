import type { Store } from '../../store/index.js'
import type { ClusterOperator, ServerInfo } from '../types.js'
import { Admission } from './admission.js'
import { Deferred } from './deferred.js'
import type { Waiting } from './effect-parts.js'
import { formationEffects } from './effects.js'
import { makeParts, type FormationParts } from './formation-parts.js'
import { answerServers } from './member-calls.js'
import { MemberStore } from './member-store.js'
import type { FormationOptions } from './options.js'
import { raftStats } from './raft-stats.js'
import { Runner } from './runner.js'
import { clusterOf, shownPhase } from './state.js'
import type { Formation, FormationState } from './types.js'

/**
 * A formation as it is opened: `started` resolves when etcd runs again, where this server was a member, and the first
 * joins are done.
 */
export type OpenedFormation = Formation & { readonly started: Promise<void> }

/** A server among servers that run an etcd member each. */
export class EtcdFormation implements OpenedFormation {
  readonly store: Promise<Store>
  readonly started: Promise<void>
  readonly #expect: number
  readonly #parts: FormationParts
  readonly #waiting: Waiting = { start: new Deferred(), leave: undefined, close: undefined }
  readonly #runner: Runner

  constructor(options: FormationOptions) {
    this.#expect = options.expect
    const parts = (this.#parts = makeParts(options, () => {
      if (this.#cluster !== undefined) void parts.duties.tend(parts.life.member)
    }))
    const { life } = parts
    this.#answerServers(options)
    options.process.onState(state => {
      if (state === 'removed' || state === 'running') life.member.soon()
    })
    const store = new MemberStore(life.openStore, life.log)
    this.store = store.promise
    this.#runner = new Runner(
      formationEffects({
        ...parts,
        store,
        waiting: this.#waiting,
        tell: event => {
          this.#runner.tell(event)
        },
      }),
    )
    this.started = this.#start()
    this.started.catch(() => undefined)
  }

  get state(): FormationState {
    const { state } = this.#runner
    const phase = shownPhase(state)
    if (phase === 'member') return { phase, cluster: clusterOf(state) ?? '' }
    if (phase === 'waiting') return { phase, expect: this.#expect, known: this.servers() }
    return { phase }
  }
  get operator(): ClusterOperator {
    return this.#parts.raft
  }
  get leader(): { readonly address: string; readonly self: boolean } {
    return this.#parts.life.member.leader
  }
  servers(): readonly ServerInfo[] {
    return this.#parts.life.contacts.list()
  }
  isReachable(id: string): boolean {
    return this.#parts.life.contacts.isReachable(id)
  }
  peers(): readonly string[] {
    return this.#parts.life.member.peers()
  }
  join(addresses: readonly string[]): Promise<number> {
    return this.#parts.group.join(addresses)
  }
  remove(nodeId: string): Promise<boolean> {
    return this.#parts.raft.remove(nodeId)
  }
  stats(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(raftStats(this.#parts.life.member))
  }

  async leave(): Promise<void> {
    this.#waiting.leave ??= new Deferred()
    const { promise } = this.#waiting.leave
    this.#runner.tell({ type: 'leave' })
    try {
      await promise
    } finally {
      this.#waiting.leave = undefined
    }
  }

  async close(): Promise<void> {
    this.#waiting.close ??= new Deferred()
    this.#runner.tell({ type: 'close' })
    await this.#waiting.close.promise
  }

  get #cluster(): string | undefined {
    return clusterOf(this.#runner.state)
  }

  async #start(): Promise<void> {
    // Let the caller register its handlers first.
    await Promise.resolve()
    const joined = this.#parts.group.joinAtStart()
    joined.catch(() => undefined)
    await this.#waiting.start.promise
    await joined
  }

  #answerServers({ process: { admin }, client: rpc, log }: FormationOptions): void {
    const { group, life, search, raft } = this.#parts
    answerServers(group, {
      life,
      admission: new Admission({ admin, contacts: life.contacts, rpc, log }),
      operator: raft,
      cluster: () => this.#cluster,
      founding: () => search.founding,
      keep: founding => {
        search.keep(founding)
      },
      entering: () => {
        const { state } = this.#runner
        return state.phase === 'entering' ? state.token : undefined
      },
      position: () => {
        const { state } = this.#runner
        return state.phase === 'recovering' ? state.position : undefined
      },
      mayPromise: () => this.#runner.state.phase === 'searching' && life.record.facts.removed !== true,
    })
  }
}
