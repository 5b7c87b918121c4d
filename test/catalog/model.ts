import type {
  CheckData,
  DeregisterRequest,
  NodeData,
  RegisterRequest,
  ServiceData,
  SyncRequest,
} from '../../src/catalog/index.js'
import { checkData, serviceData } from './samples.js'

type StoredCheck = CheckData & { serviceName: string; serviceTags: readonly string[] }
type Revised<T> = T & { created: number; modified: number }

interface Plain {
  nodes: Map<string, NodeData>
  services: Map<string, ServiceData>
  checks: Map<string, StoredCheck>
}

const low = (text: string): string => text.toLowerCase()
const at = (node: string, id: string): string => `${low(node)}\n${id}`
const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Thrown by the model where the catalog must refuse. */
class Refused extends Error {}

/**
 * The catalog as maps of plain data, every answer worked out from scratch: slow, and too simple to be wrong in the same
 * way.
 */
export class Model {
  #plain: Plain = { nodes: new Map(), services: new Map(), checks: new Map() }
  readonly #revisions = new Map<string, { created: number; modified: number }>()

  /** Whether the last step changed anything. */
  changed = false

  /** @param revision of the empty store */
  constructor(public revision: number) {}

  register(request: RegisterRequest): boolean {
    return this.#transact(plain => {
      const standing = plain.nodes.get(low(request.node))
      const { id = '', address = '', taggedAddresses = null, meta = null } = request
      const node =
        request.skipNodeUpdate === true && standing !== undefined
          ? standing.node
          : place(plain, { node: request.node, id, address, taggedAddresses, meta })
      if (request.service !== undefined) {
        const service = serviceData({ ...request.service, id: request.service.id ?? request.service.name ?? '', node })
        plain.services.set(at(node, service.id), service)
      }
      for (const check of request.checks ?? []) putCheck(plain, checkData({ ...check, id: check.id ?? '', node }))
    })
  }

  deregister({ node, serviceId = '', checkId = '' }: DeregisterRequest): boolean {
    return this.#transact(plain => {
      if (serviceId !== '') removeService(plain, node, serviceId)
      else if (checkId !== '') plain.checks.delete(at(node, checkId))
      else removeNode(plain, node)
    })
  }

  sync({ node: wanted, put, remove }: SyncRequest): boolean {
    return this.#transact(plain => {
      // A check learns its service's new name also when the node is respelled in the same request.
      const namesBefore = new Map([...plain.checks].map(([key, { serviceName }]) => [key, serviceName]))
      const node = place(plain, wanted)
      const putChecks = new Set(put.checks.map(check => check.id))
      for (const service of put.services) plain.services.set(at(node, service.id), { ...service, node })
      for (const check of put.checks) putCheck(plain, { ...check, node })
      for (const service of put.services) {
        for (const [key, check] of plain.checks) {
          if (low(check.node) !== low(node) || check.serviceId !== service.id || putChecks.has(check.id)) continue
          if (namesBefore.get(key) !== service.name) putCheck(plain, check)
        }
      }
      for (const id of remove.services)
        if (!put.services.some(service => service.id === id)) removeService(plain, node, id, putChecks)
      for (const id of remove.checks) if (!putChecks.has(id)) plain.checks.delete(at(node, id))
    })
  }

  nodes() {
    return [...this.#plain.nodes]
      .map(([key, node]) => this.#revised(`n${key}`, node))
      .sort((a, b) => bytes(low(a.node), low(b.node)))
  }
  services() {
    return this.#listed('s', this.#plain.services)
  }
  checks() {
    return this.#listed('c', this.#plain.checks)
  }
  instances(name: string) {
    return this.services()
      .filter(service => low(service.name) === low(name))
      .map(service => ({
        node: this.nodes().find(node => low(node.node) === low(service.node)),
        service,
        checks: ['', service.id].flatMap(owner =>
          this.checks().filter(check => low(check.node) === low(service.node) && check.serviceId === owner),
        ),
      }))
  }

  names() {
    const names = [...new Set(this.services().map(service => service.name))].sort(bytes)
    return names.map(name => ({
      name,
      tags: [
        ...new Set(
          this.services()
            .filter(service => service.name === name)
            .flatMap(service => service.tags),
        ),
      ].sort(bytes),
    }))
  }

  #listed<T extends { node: string; id: string }>(kind: string, rows: Map<string, T>): Revised<T>[] {
    return [...rows]
      .map(([key, row]) => this.#revised(kind + key, row))
      .sort((a, b) => bytes(low(a.node), low(b.node)) || bytes(a.id, b.id))
  }

  #revised<T>(key: string, value: T): Revised<T> {
    const { created, modified } = this.#revisions.get(key) ?? { created: 0, modified: 0 }
    return { ...value, created, modified }
  }

  /**
   * Runs a change on a copy; what differs afterwards gets the next revision. Returns false when the change was refused.
   */
  #transact(change: (plain: Plain) => void): boolean {
    this.changed = false
    const before = this.#plain
    const after = { nodes: new Map(before.nodes), services: new Map(before.services), checks: new Map(before.checks) }
    try {
      change(after)
    } catch (refused) {
      if (refused instanceof Refused) return false
      throw refused
    }
    const next = this.revision + 1
    for (const [kind, table] of [
      ['n', 'nodes'],
      ['s', 'services'],
      ['c', 'checks'],
    ] as const) {
      for (const key of new Set([...before[table].keys(), ...after[table].keys()])) {
        const [was, is] = [before[table].get(key), after[table].get(key)]
        if (JSON.stringify(was) === JSON.stringify(is)) continue
        this.revision = next
        this.changed = true
        if (is === undefined) this.#revisions.delete(kind + key)
        else
          this.#revisions.set(kind + key, {
            created: was === undefined ? next : (this.#revisions.get(kind + key)?.created ?? next),
            modified: next,
          })
      }
    }
    this.#plain = after
    return true
  }
}

function place(plain: Plain, { node, id, address, taggedAddresses, meta }: NodeData): string {
  const holder = plain.nodes.get(low(node))
  const same = [...plain.nodes.values()].find(other => id !== '' && other.id === id)
  const moved = same !== undefined && low(same.node) !== low(node)
  const foreign = holder !== undefined && id !== '' && holder.id !== id
  if (
    foreign
    && (holder.id !== '' || moved)
    && (plain.checks.get(at(node, 'serfHealth'))?.status ?? 'critical') !== 'critical'
  )
    throw new Refused()
  if (moved) removeNode(plain, same.node)
  const spelling = id === '' ? (holder?.node ?? node) : node
  plain.nodes.set(low(node), {
    node: spelling,
    id: id === '' ? (holder?.id ?? '') : id,
    address,
    taggedAddresses,
    meta,
  })
  for (const table of [plain.services, plain.checks] as Map<string, { node: string }>[]) {
    for (const [key, row] of table) if (low(row.node) === low(node)) table.set(key, { ...row, node: spelling })
  }
  if (holder !== undefined && holder.node !== spelling) {
    for (const check of plain.checks.values()) if (low(check.node) === low(node)) putCheck(plain, check)
  }
  return spelling
}

function putCheck(plain: Plain, check: CheckData): void {
  const { node, id, name, status, notes, output, serviceId, type, definition } = check
  const service = serviceId === '' ? undefined : plain.services.get(at(node, serviceId))
  if (serviceId !== '' && service === undefined) throw new Refused()
  plain.checks.set(at(node, id), {
    node,
    id,
    name,
    status,
    notes,
    output,
    serviceId,
    type,
    definition,
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? [],
  })
}

function removeService(plain: Plain, node: string, id: string, spared: ReadonlySet<string> = new Set()): void {
  if (!plain.services.delete(at(node, id))) return
  for (const [key, check] of plain.checks) {
    if (low(check.node) === low(node) && check.serviceId === id && !spared.has(check.id)) plain.checks.delete(key)
  }
}

function removeNode(plain: Plain, node: string): void {
  plain.nodes.delete(low(node))
  for (const table of [plain.services, plain.checks] as Map<string, { node: string }>[]) {
    for (const [key, row] of table) if (low(row.node) === low(node)) table.delete(key)
  }
}
