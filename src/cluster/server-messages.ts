import { isIP } from 'node:net'
import { MusterError } from '../common/errors.js'
import { nodeNameFault } from '../common/name-limits.js'
import type { AgentInfo, ServerInfo } from './types.js'
import { Shape } from '../rpc/index.js'

/** Most servers that a message may name, and that a server keeps: ten times what Raft is good for. */
export const maxServers = 64

/** Names of the methods that servers answer. */
export const methods = {
  hello: 'join/hello',
  promise: 'servers/promise',
  meant: 'servers/meant',
  enter: 'servers/enter',
  entering: 'servers/entering',
  status: 'servers/status',
  members: 'servers/members',
  readdress: 'servers/readdress',
  remove: 'servers/remove',
  gone: 'servers/gone',
  moveLeader: 'servers/move-leader',
  health: 'servers/health',
  recovery: 'servers/recovery',
} as const

/**
 * `join/hello`: who calls (absent: nobody who wants to be known) and the servers that it knows. `cluster` when it is
 * part of one.
 */
export interface Hello {
  readonly from?: AgentInfo
  readonly cluster?: string
  readonly known: readonly ServerInfo[]
}

/**
 * Answer of every agent to `join/hello`. `expect` of a server: how many it waits for before it founds; 0: it never
 * does; `carries`: it has a catalog that the cluster is to begin with.
 */
export interface HelloAnswer {
  readonly self: AgentInfo
  readonly datacenter: string
  readonly cluster?: string
  readonly expect: number
  readonly carries: boolean
  readonly servers: readonly ServerInfo[]
}

/** Answer to `servers/enter`. `wait`: why it has to be asked again soon. */
export type EnterAnswer =
  | { readonly wait: string }
  | { readonly cluster: string; readonly members: readonly { readonly name: string; readonly peerUrl: string }[] }

/**
 * How a server stands: what its own etcd says at the moment. `lastContact` in ms: since when it has not seen a leader,
 * -1 never.
 */
export interface ServerStanding {
  readonly id: string
  readonly cluster: string
  readonly member: string
  readonly leader: string
  readonly learner: boolean
  readonly term: number
  readonly index: number
  readonly lastContact: number
}

/**
 * An agent as another one, or itself, tells of it: with a name, a datacenter and addresses that its configuration could
 * have given it. @throws MusterError CLUSTER_MESSAGE
 */
export function readAgent(value: unknown): AgentInfo {
  const agent = new Shape(value, 'an agent')
  const ports = agent.object('ports')
  const info: AgentInfo = {
    id: agent.text('id'),
    name: agent.text('name'),
    datacenter: agent.text('datacenter'),
    address: agent.text('address'),
    wanAddress: agent.text('wanAddress'),
    ports: { raft: ports.number('raft'), lan: ports.number('lan'), wan: ports.number('wan') },
    build: agent.text('build'),
    server: agent.flag('server'),
  }
  const fault = agentFault(info)
  if (fault !== undefined)
    throw new MusterError('CLUSTER_MESSAGE', `an agent: ${fault}`, {
      status: 400,
      hint: 'the other agent may be of another version',
    })
  return info
}

/** What is wrong with an agent, by the rules that the configuration has for itself. */
function agentFault({ name, datacenter, address, wanAddress, ports }: AgentInfo): string | undefined {
  if (!/^[a-z0-9_-]+$/i.test(datacenter)) return `${JSON.stringify(datacenter)} is no name of a datacenter`
  for (const one of [address, wanAddress]) if (isIP(one) === 0) return `${JSON.stringify(one)} is no address`
  if (Object.values(ports).some(port => !Number.isInteger(port) || port < -1 || port > 65535)) return 'a port is none'
  return nodeNameFault(name)
}

/** @throws MusterError CLUSTER_MESSAGE */
export const readServer = (value: unknown): ServerInfo => ({ ...readAgent(value), server: true })

/** @throws MusterError CLUSTER_MESSAGE */
export function readHello(body: unknown): Hello {
  const hello = new Shape(body ?? {}, 'a hello')
  const cluster = hello.optionalText('cluster')
  const from = hello.has('from') ? { from: readAgent((body as { readonly from: unknown }).from) } : {}
  return { ...from, ...(cluster !== undefined && { cluster }), known: hello.list('known', maxServers, readServer) }
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readHelloAnswer(body: unknown): HelloAnswer {
  const answer = new Shape(body, 'the answer to a hello')
  const cluster = answer.optionalText('cluster')
  return {
    self: readAgent((body as { readonly self: unknown }).self),
    datacenter: answer.text('datacenter'),
    ...(cluster !== undefined && { cluster }),
    expect: answer.has('expect') ? answer.number('expect') : 0,
    carries: answer.has('carries') && answer.flag('carries'),
    servers: answer.list('servers', maxServers, readServer),
  }
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readEnterAnswer(body: unknown): EnterAnswer {
  const answer = new Shape(body, 'the answer to a request to enter')
  if (answer.has('wait')) return { wait: answer.text('wait') }
  const member = (item: unknown): { readonly name: string; readonly peerUrl: string } => {
    const one = new Shape(item, 'a member')
    return { name: one.text('name'), peerUrl: one.text('peerUrl') }
  }
  return { cluster: answer.text('cluster'), members: answer.list('members', maxServers, member) }
}

/** @throws MusterError CLUSTER_MESSAGE */
export function readStanding(body: unknown): ServerStanding {
  const one = new Shape(body, 'the standing of a server')
  return {
    id: one.text('id'),
    cluster: one.text('cluster'),
    member: one.text('member'),
    leader: one.text('leader'),
    learner: one.flag('learner'),
    term: one.number('term'),
    index: one.number('index'),
    lastContact: one.number('lastContact'),
  }
}
