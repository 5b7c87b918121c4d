import type { Clock, Timer } from '../../common/clock.js'
import type { EtcdAdmin, EtcdMember, EtcdStatus } from '../../store/index.js'
import type { AgentInfo, RaftServer } from '../types.js'
import { peerAddress, raftAddress } from '../addresses.js'

/** What the view of a server's own etcd is built on. */
export interface OwnMemberOptions {
  readonly admin: EtcdAdmin
  readonly clock: Clock
  /** What is known of a server by its node id: its newest address and its name. */
  readonly known: (id: string) => AgentInfo | undefined
  /** After each look: what is seen now. */
  readonly onLook: () => void
}

/** Milliseconds between two looks: while something changes, and else. A change is watched for `settle`. */
const every = { changing: 250, calm: 1000, settle: 3000 }
/** Looks after which the list of members is read although nothing seems to have changed. */
const readMembersEvery = 4

/**
 * Raft as this server's own etcd sees it, looked at every second or, while something changes, every quarter of one;
 * between two looks everybody is answered from what was seen last.
 */
export class OwnMember {
  readonly #options: OwnMemberOptions
  #timer: Timer | undefined
  #running = false
  #looking: Promise<void> | undefined
  #status: EtcdStatus | undefined
  #members: readonly EtcdMember[] = []
  #leader = { address: '', self: false }
  #looks = 0
  #changedAt = 0
  #leaderSeen: number | undefined
  #leadingSince: number | undefined

  constructor(options: OwnMemberOptions) {
    this.#options = options
  }

  /** What etcd said last; undefined while it does not answer. */
  get status(): EtcdStatus | undefined {
    return this.#status
  }
  get members(): readonly EtcdMember[] {
    return this.#members
  }
  get leader(): { readonly address: string; readonly self: boolean } {
    return this.#leader
  }
  /** Monotonic ms since when this server leads; undefined while it does not. */
  get leadingSince(): number | undefined {
    return this.#leadingSince
  }

  /** Node id of the leader, '' while there is none or it has no name yet. */
  get leaderNode(): string {
    const { leader } = this.#status ?? { leader: '' }
    return leader === '' ? '' : (this.#members.find(({ id }) => id === leader)?.name ?? '')
  }

  /** ms since a leader was last seen, -1 never. */
  get lastContact(): number {
    if (this.#leader.address !== '') return 0
    return this.#leaderSeen === undefined ? -1 : this.#options.clock.monotonic() - this.#leaderSeen
  }

  /** Raft addresses of the voters. */
  peers(): readonly string[] {
    return this.#members.filter(({ learner }) => !learner).map(member => this.#address(member))
  }

  /** Voters and learners by name. */
  raftServers(): readonly RaftServer[] {
    return this.#members
      .map(member => ({
        id: member.name,
        node: this.#options.known(member.name)?.name ?? member.name,
        address: this.#address(member),
        leader: member.id === this.#status?.leader,
        voter: !member.learner,
      }))
      .sort((one, other) => (one.node < other.node ? -1 : one.node > other.node ? 1 : 0))
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.soon()
  }

  stop(): void {
    this.#running = false
    this.#timer?.cancel()
    this.#status = undefined
    this.#members = []
    this.#leader = { address: '', self: false }
    this.#leadingSince = undefined
  }

  /** Something is about to change: looks come closer together for a while. */
  soon(): void {
    this.#changedAt = this.#options.clock.monotonic()
    this.#timer?.cancel()
    if (this.#running && this.#looking === undefined)
      this.#timer = this.#options.clock.after(0, () => {
        void this.look()
      })
  }

  /** Looks now. Resolves when done; never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      this.#plan()
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    const { admin, clock } = this.#options
    const before = {
      leader: this.#status?.leader,
      count: this.#members.length,
      learners: this.#members.some(({ learner }) => learner),
    }
    try {
      const status = await admin.status()
      const readMembers =
        status.leader !== before.leader
        || before.count === 0
        || before.learners
        || this.#isChanging()
        || this.#looks++ % readMembersEvery === 0
      const members = readMembers ? await admin.members(false) : this.#members
      if (!this.#running) return
      if (
        status.leader !== before.leader
        || status.leader === ''
        || members.length !== before.count
        || members.some(({ learner }) => learner)
      )
        this.#changedAt = clock.monotonic()
      this.#see(status, members)
    } catch {
      // The etcd process logs its own failures. Here it only means that no status is available.
      if (!this.#running) return
      this.#status = undefined
      this.#leader = { address: '', self: false }
      this.#leadingSince = undefined
      this.#changedAt = clock.monotonic()
    }
    this.#options.onLook()
  }

  #see(status: EtcdStatus, members: readonly EtcdMember[]): void {
    const now = this.#options.clock.monotonic()
    this.#status = status
    this.#members = members
    const leader = members.find(({ id }) => id === status.leader)
    const self = leader?.id === status.member
    this.#leader = { address: leader === undefined ? '' : this.#address(leader), self }
    if (leader !== undefined) this.#leaderSeen = now
    this.#leadingSince = self ? (this.#leadingSince ?? now) : undefined
  }

  #plan(): void {
    if (!this.#running) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.after(this.#isChanging() ? every.changing : every.calm, () => {
      void this.look()
    })
  }

  #isChanging(): boolean {
    return this.#options.clock.monotonic() - this.#changedAt < every.settle
  }

  /** The newest Raft address: the server's own word, else what etcd has. */
  #address(member: EtcdMember): string {
    const known = member.name === '' ? undefined : this.#options.known(member.name)
    return known === undefined ? peerAddress(member.peerUrls[0] ?? '') : raftAddress(known)
  }
}
