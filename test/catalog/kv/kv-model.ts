/** A key as the model keeps it. */
export interface ModelEntry {
  value: string
  flags: bigint
  lockIndex: number
  session: string
  created: number
  modified: number
}

interface ModelSession {
  readonly node: string
  readonly checks: readonly string[]
  readonly behavior: 'release' | 'delete'
  readonly lockDelay: number
}

interface ModelCheck {
  status: string
  readonly node: string
  readonly id: string
}

/** One KV operation of a transaction. */
export interface ModelOp {
  readonly verb: string
  readonly key: string
  readonly value: string
  readonly session: string
  readonly index: number
}

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** KV entries, sessions and the checks that they hang on, in plain maps: too simple to be wrong in the same way. */
export class KvModel {
  revision: number
  now = 0
  entries = new Map<string, ModelEntry>()
  sessions = new Map<string, ModelSession>()
  checks = new Map<string, ModelCheck>()
  nodes = new Set<string>()
  readonly #delays = new Map<string, number>()
  /** Every change of a key, deletions included. */
  readonly #changes: { readonly key: string; readonly at: number }[] = []
  #dirty = false

  constructor(revision: number) {
    this.revision = revision
  }

  /** Whether the last step changed anything. */
  get changed(): boolean {
    return this.#dirty
  }

  /** Runs a step as one transaction: it gets the next revision if it changes anything. */
  step<Result>(run: () => Result): Result {
    this.#dirty = false
    const result = run()
    if (this.#dirty) this.revision++
    return result
  }

  put(key: string, value: string, flags: bigint): true {
    const standing = this.entries.get(key)
    if (standing?.value === value && standing.flags === flags && standing.lockIndex === 0) return true
    this.#write(key, { value, flags, lockIndex: 0, session: standing?.session ?? '' })
    return true
  }

  cas(key: string, value: string, flags: bigint, index: number): boolean {
    if ((this.entries.get(key)?.modified ?? 0) !== index) return false
    return this.put(key, value, flags)
  }

  acquire(key: string, value: string, flags: bigint, session: string): boolean | 'refused' {
    if ((this.#delays.get(key) ?? 0) > this.now) return false
    if (!this.sessions.has(session)) return 'refused'
    const standing = this.entries.get(key)
    if (standing?.session === session) {
      if (standing.value !== value || standing.flags !== flags) this.#write(key, { ...standing, value, flags })
      return true
    }
    if (standing !== undefined && standing.session !== '') return false
    this.#write(key, { value, flags, session, lockIndex: (standing?.lockIndex ?? 0) + 1 })
    return true
  }

  release(key: string, value: string, flags: bigint, session: string): boolean {
    const standing = this.entries.get(key)
    if (standing?.session !== session) return false
    this.#write(key, { ...standing, value, flags, session: '' })
    return true
  }

  delete(key: string): true {
    if (!this.entries.delete(key)) return true
    this.#changed(key)
    return true
  }

  deleteCas(key: string, index: number): boolean {
    const standing = this.entries.get(key)
    if (standing === undefined) return true
    return standing.modified === index && this.delete(key)
  }

  deleteTree(prefix: string): true {
    for (const key of [...this.entries.keys()]) if (key.startsWith(prefix)) this.delete(key)
    return true
  }

  createSession(id: string, session: ModelSession): boolean {
    if (!this.nodes.has(session.node)) return false
    if (
      session.checks.some(check => (this.checks.get(`${session.node} ${check}`)?.status ?? 'critical') === 'critical')
    )
      return false
    this.sessions.set(id, session)
    this.#dirty = true
    return true
  }

  destroySession(id: string): boolean {
    const session = this.sessions.get(id)
    if (session === undefined) return false
    this.sessions.delete(id)
    this.#dirty = true
    for (const [key, entry] of [...this.entries]) {
      if (entry.session !== id) continue
      if (session.behavior === 'delete') this.delete(key)
      else this.#write(key, { ...entry, session: '' })
      if (session.lockDelay > 0) this.#delays.set(key, this.now + session.lockDelay)
    }
    return true
  }

  setCheck(node: string, id: string, status: string): void {
    if (!this.nodes.has(node)) this.nodes.add(node)
    else if (this.checks.get(`${node} ${id}`)?.status === status) return
    this.checks.set(`${node} ${id}`, { node, id, status })
    this.#dirty = true
    if (status === 'critical') this.#endSessions(session => session.node === node && session.checks.includes(id))
  }

  deleteCheck(node: string, id: string): void {
    if (!this.checks.delete(`${node} ${id}`)) return
    this.#dirty = true
    this.#endSessions(session => session.node === node && session.checks.includes(id))
  }

  deleteNode(node: string): void {
    if (!this.nodes.delete(node)) return
    this.#dirty = true
    for (const [key, check] of this.checks) if (check.node === node) this.checks.delete(key)
    this.#endSessions(session => session.node === node)
  }

  /** Lets time pass: lock-delays run out. */
  pass(ms: number): void {
    this.now += ms
  }

  /** All KV operations or none; the places of those that failed. */
  txn(ops: readonly ModelOp[]): readonly number[] {
    const before = {
      entries: new Map([...this.entries].map(([key, entry]) => [key, { ...entry }])),
      changes: this.#changes.length,
      dirty: this.#dirty,
    }
    const written = new Set<string>()
    let locked = false
    const failed = ops.flatMap((op, i) => {
      const changes = this.#changes.length
      const holder = this.entries.get(op.key)?.session ?? ''
      const ok = this.#apply(op)
      locked ||= op.verb === 'lock' && ok && holder === ''
      for (const { key } of this.#changes.slice(changes)) written.add(key)
      return ok ? [] : [i]
    })
    if (failed.length > 0) {
      this.entries = before.entries
      this.#changes.length = before.changes
      this.#dirty = before.dirty
      return failed
    }
    this.#settle(before.entries, before.changes, written)
    // Whoever takes a lock leaves a mark on its session, even when the key is gone again by the end.
    this.#dirty = before.dirty || locked || this.#changes.length > before.changes
    return failed
  }

  /** A transaction counts by what it comes to: what is not there before and after has not changed. */
  #settle(before: ReadonlyMap<string, ModelEntry>, from: number, written: ReadonlySet<string>): void {
    this.#changes.length = from
    for (const key of written) {
      const entry = this.entries.get(key)
      if (entry === undefined && !before.has(key)) continue
      if (entry !== undefined) entry.created = before.get(key)?.created ?? this.revision + 1
      this.#changed(key)
    }
  }

  /** The index of the last change of a key or of anything below a prefix; `floor` when there was none. */
  index(matches: (key: string) => boolean, floor: number): number {
    return this.#changes.reduce((newest, { key, at }) => (matches(key) ? Math.max(newest, at) : newest), floor)
  }

  below(prefix: string): (ModelEntry & { key: string })[] {
    return [...this.entries]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => bytes(a, b))
      .map(([key, entry]) => ({ key, ...entry }))
  }

  #apply({ verb, key, value, session, index }: ModelOp): boolean {
    switch (verb) {
      case 'set':
        return this.put(key, value, 0n)
      case 'cas':
        return this.cas(key, value, 0n, index)
      case 'lock':
        return this.acquire(key, value, 0n, session) === true
      case 'unlock':
        return this.release(key, value, 0n, session)
      case 'delete':
        return this.delete(key)
      case 'delete-tree':
        return this.deleteTree(key)
      case 'delete-cas':
        return this.deleteCas(key, index)
      case 'get':
        return this.entries.has(key)
      case 'get-tree':
        return true
      case 'check-not-exists':
        return !this.entries.has(key)
      case 'check-index':
        return this.entries.get(key)?.modified === index
      default:
        return this.entries.get(key)?.session === session
    }
  }

  #endSessions(matches: (session: ModelSession) => boolean): void {
    for (const [id, session] of [...this.sessions]) if (matches(session)) this.destroySession(id)
  }

  #write(key: string, entry: Omit<ModelEntry, 'created' | 'modified'>): void {
    this.entries.set(key, {
      ...entry,
      created: this.entries.get(key)?.created ?? this.revision + 1,
      modified: this.revision + 1,
    })
    this.#changed(key)
  }

  #changed(key: string): void {
    this.#dirty = true
    this.#changes.push({ key, at: this.revision + 1 })
  }
}
