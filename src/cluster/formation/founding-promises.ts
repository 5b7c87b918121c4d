/**
 * Who founds the cluster: the rules by which servers that know each other, and of which none is part of a cluster, come
 * to exactly one founder. Pure: what happened goes in, what to do comes out.
 *
 * A server promises itself to one founder at a time and keeps the promise over restarts. A promise is made for a token;
 * only the founder can say that a token is no longer meant, and a token that was given up is never meant again. A
 * founder decides when it holds enough promises for its present token, its own among them, and never gives up a token
 * that it has decided on. So no promise can count for two foundings, whatever is lost, doubled or late.
 */

/** What a server must not forget. `promise.to` is a node id, its own while it gathers promises itself. */
export interface FoundingRecord {
  readonly promise?: { readonly to: string; readonly token: string }
  /** It holds enough promises and founds, or has founded, the cluster. */
  readonly decided?: true
}

/** What a server knows in one run. */
export interface Founding {
  readonly self: string
  /** It has a catalog of its own that the cluster is to begin with. */
  readonly carries: boolean
  readonly record: FoundingRecord
  /** Who promised itself for the own present token. */
  readonly granted: ReadonlySet<string>
}

/**
 * A server that answers at the moment. `cluster` when it is part of one; `expect` 0 when it only enters and never
 * founds.
 */
export interface Reachable {
  readonly id: string
  readonly expect: number
  readonly carries: boolean
  readonly cluster?: string
}

/** The surroundings at one moment. */
export interface Surroundings {
  readonly expect: number
  readonly reachable: readonly Reachable[]
  /** How many servers are known, this one included, reachable or not. */
  readonly known: number
  /** A token never used before. */
  readonly token: string
}

/** What to do next, after the record is on disk. */
export type FoundingAction =
  | { readonly do: 'ask'; readonly ids: readonly string[]; readonly token: string }
  /** Asks the founder to whom a promise was made whether it still means it. */
  | { readonly do: 'verify'; readonly id: string; readonly token: string }
  | { readonly do: 'found' }
  | { readonly do: 'enter'; readonly id: string; readonly cluster: string }

/** Answer to a request for a promise. */
export type PromiseAnswer = { readonly promised: true } | { readonly promised: false; readonly to: string }

/** As a server starts from what it remembers. */
export const beginFounding = (self: string, carries: boolean, record: FoundingRecord): Founding => ({
  self,
  carries,
  record,
  granted: new Set(),
})

/** Whether a server is rather the founder than another: who brings a catalog, then who has the lower node id. */
const isBefore = (
  one: { readonly id: string; readonly carries: boolean },
  other: { readonly id: string; readonly carries: boolean },
): boolean => (one.carries === other.carries ? one.id < other.id : one.carries)

/**
 * How many promises a founder needs, its own included: what is expected and, where more are known, more than half of
 * them.
 */
export const promisesNeeded = (expect: number, known: number): number => Math.max(expect, Math.floor(known / 2) + 1)

/** What to do as things stand; to be asked again and again. */
export function considerFounding(
  founding: Founding,
  around: Surroundings,
): { readonly founding: Founding; readonly actions: readonly FoundingAction[] } {
  const { self, record } = founding
  if (record.decided === true) return { founding, actions: [{ do: 'found' }] }
  const formed = around.reachable.find(({ cluster }) => cluster !== undefined)
  if (formed?.cluster !== undefined)
    return { founding: giveUp(founding), actions: [{ do: 'enter', id: formed.id, cluster: formed.cluster }] }
  if (record.promise !== undefined && record.promise.to !== self) {
    return { founding, actions: [{ do: 'verify', id: record.promise.to, token: record.promise.token }] }
  }
  if (!isFounder(founding, around)) return { founding: giveUp(founding), actions: [] }
  return gather(record.promise === undefined ? begin(founding, around.token) : founding, around)
}

/** Another server asks for a promise. The answer may be sent once the record is on disk. */
export function askedToPromise(
  founding: Founding,
  asking: { readonly id: string; readonly carries: boolean },
  token: string,
): { readonly founding: Founding; readonly answer: PromiseAnswer } {
  const { self, carries, record } = founding
  const from = asking.id
  const promise = record.promise
  if (promise?.to === from && promise.token === token) return { founding, answer: { promised: true } }
  const free =
    promise === undefined || (promise.to === self && record.decided !== true && isBefore(asking, { id: self, carries }))
  if (!free) return { founding, answer: { promised: false, to: promise.to } }
  return {
    founding: { ...founding, record: { promise: { to: from, token } }, granted: new Set() },
    answer: { promised: true },
  }
}

/** Another server has promised itself for a token. */
export function promiseGranted(founding: Founding, by: string, token: string, around: Surroundings): Founding {
  const { self, record } = founding
  if (record.decided === true || record.promise?.to !== self || record.promise.token !== token) return founding
  return decide({ ...founding, granted: new Set([...founding.granted, by]) }, around)
}

/** Whether a token is still meant; asked by those who promised themselves for it. */
export const isPromiseValid = (founding: Founding, token: string): boolean =>
  founding.record.promise?.to === founding.self && founding.record.promise.token === token

/** The founder says that it no longer means the token: a promise made for it is void. */
export function withoutPromise(founding: Founding, to: string, token: string): Founding {
  const { promise } = founding.record
  return promise?.to === to && promise.token === token && to !== founding.self
    ? { ...founding, record: {}, granted: new Set() }
    : founding
}

/** Whether this server is the one to found: enough servers answer, and none of those that may found comes before it. */
function isFounder({ self, carries }: Founding, { expect, reachable, known }: Surroundings): boolean {
  if (expect === 0 || reachable.length + 1 < promisesNeeded(expect, known)) return false
  return reachable.every(other => other.expect === 0 || isBefore({ id: self, carries }, other))
}

const begin = (founding: Founding, token: string): Founding => ({
  ...founding,
  record: { promise: { to: founding.self, token } },
  granted: new Set(),
})

function giveUp(founding: Founding): Founding {
  return founding.record.promise?.to === founding.self && founding.record.decided !== true
    ? { ...founding, record: {}, granted: new Set() }
    : founding
}

function gather(
  founding: Founding,
  around: Surroundings,
): { readonly founding: Founding; readonly actions: readonly FoundingAction[] } {
  const decided = decide(founding, around)
  if (decided.record.decided === true) return { founding: decided, actions: [{ do: 'found' }] }
  const ids = around.reachable.filter(({ id }) => !founding.granted.has(id)).map(({ id }) => id)
  return { founding, actions: [{ do: 'ask', ids, token: founding.record.promise?.token ?? '' }] }
}

function decide(founding: Founding, { expect, known }: Surroundings): Founding {
  const enough = expect > 0 && founding.granted.size + 1 >= promisesNeeded(expect, known)
  return enough ? { ...founding, record: { ...founding.record, decided: true } } : founding
}
