import type { EtcdProcess, EtcdStart, EtcdState } from '../../src/etcd/types.js'
import type { Clock } from '../../src/common/clock.js'
import { MusterError } from '../../src/common/errors.js'
import {
  openMemoryStore,
  revision,
  type EtcdAdmin,
  type EtcdMember,
  type EtcdStatus,
  type Store,
} from '../../src/store/index.js'

/** What a member's data directory holds, over the ends of its process. */
export interface MemoryDisk {
  data: { readonly cluster: MemoryCluster; readonly member: string; term: number; index: number } | undefined
  /** The next start finds its data damaged. */
  damaged: boolean
}

/** One cluster: what Raft has decided, and what is stored in it. */
export interface MemoryCluster {
  readonly id: string
  members: readonly EtcdMember[]
  leader: string
  term: number
  index: number
  readonly store: Store
}

/** ms that a process takes to come up. */
const startTime = 20

/**
 * Etcd's membership without processes: clusters whose members elect a leader when a majority of the voters can reach
 * each other, and decide on changes through it. Stands where the real process stands.
 */
export class MemoryRaft {
  readonly clusters: MemoryCluster[] = []
  readonly #running = new Map<string, MemoryEtcd>()
  readonly #connects: (one: string, other: string) => boolean
  #ids = 0

  /** `connects`: whether packets pass between two hosts. */
  constructor(
    readonly clock: Clock,
    connects: (one: string, other: string) => boolean,
  ) {
    this.#connects = connects
  }

  newId(): string {
    return `e${String(++this.#ids).padStart(3, '0')}`
  }

  found(name: string, peerUrl: string): { readonly cluster: MemoryCluster; readonly member: string } {
    const member = this.newId()
    const cluster: MemoryCluster = {
      id: `c${this.newId()}`,
      members: [{ id: member, name, peerUrls: [peerUrl], learner: false }],
      leader: '',
      term: 1,
      index: 1,
      store: openMemoryStore({ clock: this.clock }),
    }
    this.clusters.push(cluster)
    return { cluster, member }
  }

  /** The place that was made for the etcd at a peer URL, which now has a name. */
  enter(name: string, peerUrl: string): { readonly cluster: MemoryCluster; readonly member: string } | undefined {
    for (const cluster of this.clusters) {
      const place = cluster.members.find(one => one.name === '' && one.peerUrls.includes(peerUrl))
      if (place === undefined) continue
      this.decide(
        cluster,
        cluster.members.map(one => (one === place ? { ...one, name } : one)),
      )
      return { cluster, member: place.id }
    }
    return undefined
  }

  run(member: string, etcd: MemoryEtcd): void {
    this.#running.set(member, etcd)
  }
  end(member: string): void {
    this.#running.delete(member)
  }

  /** The leader as one member sees it, '' without one. */
  leader(cluster: MemoryCluster, member: string): string {
    const voters = cluster.members.filter(({ learner }) => !learner)
    const majority = Math.floor(voters.length / 2) + 1
    const leads = (id: string): boolean => voters.filter(voter => this.#reach(cluster, id, voter.id)).length >= majority
    if (!voters.some(({ id }) => id === cluster.leader) || !leads(cluster.leader)) {
      const next = voters.map(({ id }) => id).find(leads) ?? ''
      if (next !== '') cluster.term++
      cluster.leader = next
    }
    return cluster.leader !== '' && this.#reach(cluster, member, cluster.leader) ? cluster.leader : ''
  }

  /** Whether another member runs that can tell this one what was decided. */
  isTold(cluster: MemoryCluster, member: string): boolean {
    const own = this.#running.get(member)
    return cluster.members.some(({ id }) => {
      const other = this.#running.get(id)
      return id !== member && other !== undefined && own !== undefined && this.#connects(own.host, other.host)
    })
  }

  decide(cluster: MemoryCluster, members: readonly EtcdMember[]): void {
    const gone = cluster.members.filter(({ id }) => !members.some(one => one.id === id))
    cluster.members = members
    cluster.index++
    for (const { id } of gone) this.#running.get(id)?.expel()
  }

  /** Each runs, packets pass between them, and each knows where the other is. */
  #reach(cluster: MemoryCluster, one: string, other: string): boolean {
    const [a, b] = [this.#running.get(one), this.#running.get(other)]
    if (a === undefined || b === undefined) return false
    return a === b || (this.#connects(a.host, b.host) && a.knows(cluster, b) && b.knows(cluster, a))
  }
}

/** The etcd of one server, as long as its agent runs. */
export class MemoryEtcd implements EtcdProcess {
  readonly endpoint: string
  readonly peerUrl: string
  readonly lastMembers = []
  readonly admin: EtcdAdmin
  /** How it was started, in order. */
  readonly starts: EtcdStart['how'][] = []
  state: EtcdState = 'stopped'
  isDamaged = false
  readonly #listeners: ((state: EtcdState) => void)[] = []
  readonly #relocated = new Map<string, string>()

  constructor(
    readonly raft: MemoryRaft,
    readonly disk: MemoryDisk,
    readonly name: string,
    readonly host: string,
  ) {
    this.endpoint = `memory://${host}`
    this.peerUrl = `http://${host}:8300`
    this.admin = this.#admin()
  }

  get hasData(): boolean {
    return this.disk.data !== undefined
  }

  async start(start: EtcdStart): Promise<void> {
    this.starts.push(start.how)
    this.#become('starting')
    await new Promise<void>(resolve => {
      this.raft.clock.after(startTime, resolve)
    })
    if (this.state !== 'starting') throw new MusterError('ETCD_FAILED', 'etcd was stopped while it was starting')
    try {
      const { member } = this.#open(start)
      this.raft.run(member, this)
      if (start.how === 'again') this.#findOut()
    } catch (error) {
      this.#become(error instanceof MusterError && error.code === 'ETCD_REMOVED' ? 'removed' : 'failed')
      throw error
    }
    this.#become('running')
  }

  onState(run: (state: EtcdState) => void): void {
    this.#listeners.push(run)
  }

  async stop(): Promise<void> {
    await Promise.resolve()
    this.kill()
  }

  /** Ends at once, as by kill -9. */
  kill(): void {
    if (this.disk.data !== undefined) {
      this.#note()
      this.raft.end(this.disk.data.member)
    }
    this.#become('stopped')
  }

  relocate(name: string, address: string): void {
    this.#relocated.set(name, `http://${address}`)
  }

  lastEntry(): Promise<{ readonly term: number; readonly index: number } | undefined> {
    return Promise.resolve(this.disk.data)
  }

  discard(): void {
    if (this.state === 'running' || this.state === 'starting') throw new Error('it runs')
    this.disk.data = undefined
    this.disk.damaged = false
    this.isDamaged = false
  }

  /** Its cluster has removed it. */
  expel(): void {
    if (this.disk.data !== undefined) this.raft.end(this.disk.data.member)
    this.#become('removed')
  }

  /** Whether it has the right address of another member. */
  knows({ members }: MemoryCluster, { name, peerUrl }: MemoryEtcd): boolean {
    const listed = members.find(one => one.name === name)
    return listed?.peerUrls.includes(peerUrl) === true || this.#relocated.get(name) === peerUrl
  }

  #open(start: EtcdStart): { readonly member: string } {
    if (start.how === 'found' || start.how === 'enter') {
      const place =
        start.how === 'found' ? this.raft.found(this.name, this.peerUrl) : this.raft.enter(this.name, this.peerUrl)
      if (place === undefined) throw new MusterError('ETCD_FAILED', 'there is no place for it')
      this.disk.data = { ...place, term: place.cluster.term, index: place.cluster.index }
      return place
    }
    const { data } = this.disk
    if (data === undefined || this.disk.damaged) {
      this.isDamaged = true
      throw new MusterError('ETCD_FAILED', 'its data cannot be read')
    }
    if (start.how === 'alone') {
      const { cluster, member } = data
      this.raft.decide(cluster, [{ id: member, name: this.name, peerUrls: [this.peerUrl], learner: false }])
    }
    return data
  }

  /** What was decided while it did not run. */
  #findOut(): void {
    const { data } = this.disk
    if (data === undefined || data.cluster.members.some(({ id }) => id === data.member)) return
    if (!this.raft.isTold(data.cluster, data.member)) return
    this.raft.end(data.member)
    throw new MusterError('ETCD_REMOVED', 'the cluster has removed this member')
  }

  /** Its log is as long as that of the cluster while it is in touch with the leader. */
  #note(): void {
    const { data } = this.disk
    if (data === undefined || this.state !== 'running') return
    if (this.raft.leader(data.cluster, data.member) === '') return
    data.term = data.cluster.term
    data.index = data.cluster.index
  }

  #become(state: EtcdState): void {
    if (this.state === state) return
    this.state = state
    for (const run of this.#listeners) run(state)
  }

  /** Who answers a call; with a quorum where the call needs one. */
  #answering(quorum: boolean): NonNullable<MemoryDisk['data']> & { readonly leader: string } {
    const { data } = this.disk
    if (data === undefined || this.state !== 'running')
      throw new MusterError('STORE_UNREACHABLE', `cannot reach etcd at ${this.endpoint}`)
    const leader = this.raft.leader(data.cluster, data.member)
    if (quorum && leader === '') throw new MusterError('STORE_NO_LEADER', 'No cluster leader')
    return { ...data, leader }
  }

  #admin(): EtcdAdmin {
    const change = async (run: (members: readonly EtcdMember[]) => readonly EtcdMember[]): Promise<MemoryCluster> => {
      await Promise.resolve()
      const { cluster } = this.#answering(true)
      this.raft.decide(cluster, run(cluster.members))
      return cluster
    }
    const known = (members: readonly EtcdMember[], id: string): EtcdMember => {
      const member = members.find(one => one.id === id)
      if (member === undefined) throw new MusterError('STORE_REFUSED', 'etcdserver: member not found')
      return member
    }
    const unused = (): Promise<void> => Promise.resolve()
    return {
      status: async () => {
        await Promise.resolve()
        return this.#status()
      },
      members: async linearizable => {
        await Promise.resolve()
        return this.#answering(linearizable).cluster.members
      },
      addLearner: async peerUrls => {
        const member: EtcdMember = { id: this.raft.newId(), name: '', peerUrls, learner: true }
        const { members } = await change(before => {
          if (before.some(({ learner }) => learner))
            throw new MusterError('STORE_REFUSED', 'etcdserver: too many learner members in cluster')
          return [...before, member]
        })
        return { member, members }
      },
      promote: async id => {
        await change(members => {
          const promoted = known(members, id)
          if (promoted.name === '') throw new MusterError('STORE_REFUSED', 'etcdserver: not in sync with leader')
          return members.map(one => (one === promoted ? { ...one, learner: false } : one))
        })
      },
      remove: async id => {
        await change(members => {
          const removed = known(members, id)
          return members.filter(one => one !== removed)
        })
      },
      update: async (id, peerUrls) => {
        await change(members => {
          const moved = known(members, id)
          return members.map(one => (one === moved ? { ...one, peerUrls } : one))
        })
      },
      moveLeader: async to => {
        await Promise.resolve()
        const { cluster } = this.#answering(true)
        cluster.leader = known(cluster.members, to).id
        cluster.term++
      },
      disarm: unused,
      compact: unused,
      defragment: unused,
      close: () => undefined,
    }
  }

  #status(): EtcdStatus {
    const { cluster, member, leader } = this.#answering(false)
    this.#note()
    const { term, index } = this.disk.data ?? cluster
    const own = cluster.members.find(({ id }) => id === member)
    // As the real one's keeper does: a member that is in touch tells the others where it is.
    if (leader !== '' && own !== undefined && !own.peerUrls.includes(this.peerUrl))
      this.raft.decide(
        cluster,
        cluster.members.map(one => (one === own ? { ...one, peerUrls: [this.peerUrl] } : one)),
      )
    return {
      member,
      cluster: cluster.id,
      leader,
      learner: own?.learner ?? false,
      term,
      raftIndex: index,
      appliedIndex: index,
      revision: revision(index),
      version: '3.4.30',
      size: 0,
      inUse: 0,
      alarms: [],
    }
  }
}
