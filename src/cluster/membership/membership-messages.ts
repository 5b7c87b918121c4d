import { MusterError } from '../../common/errors.js'
import { isPrintable, printable } from '../../common/printable.js'
import { isUuid } from '../../common/uuid.js'
import { readAgent } from '../server-messages.js'
import { Shape } from '../../rpc/index.js'
import type { Heartbeat } from './types.js'

/** Most tags of a member, and most characters of one: several times what an agent sends. */
const maxTags = 64
const maxTagLength = 512

/**
 * A client agent's heartbeat. @throws MusterError CLUSTER_MESSAGE; CLUSTER_DATACENTER for an agent of another
 * datacenter
 */
export function readHeartbeat(body: unknown, datacenter: string): Heartbeat {
  const shape = new Shape(body, 'a heartbeat')
  const { info, tags } = body as { readonly info: unknown; readonly tags: unknown }
  const agent = readAgent(info)
  if (!isUuid(agent.id)) throw refused(`a heartbeat: ${JSON.stringify(agent.id)} is no node id`)
  if (agent.server) throw refused('a heartbeat: servers write their own')
  if (agent.datacenter !== datacenter) {
    throw new MusterError(
      'CLUSTER_DATACENTER',
      `Member '${agent.name}' part of wrong datacenter '${agent.datacenter}'`,
      {
        status: 400,
        hint: `this one is ${datacenter}; other datacenters are joined with -wan`,
      },
    )
  }
  return { info: agent, tags: shape.has('tags') ? readTags(tags) : {} }
}

/** A message that names one member by id. @throws MusterError CLUSTER_MESSAGE */
export function readId(body: unknown): string {
  const id = new Shape(body, 'a message about a member').text('id')
  if (!isUuid(id)) throw refused(`${JSON.stringify(id)} is no id`)
  return id
}

/** `member/force-leave`. @throws MusterError CLUSTER_MESSAGE */
export function readForceLeave(body: unknown): { readonly name: string; readonly prune: boolean } {
  const shape = new Shape(body, 'a message about a member')
  return { name: shape.text('name'), prune: shape.flag('prune') }
}

function readTags(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refused('a heartbeat: tags are no object')
  const tags = Object.entries(value)
  if (tags.length > maxTags) throw refused(`a heartbeat: ${tags.length} tags, at most ${maxTags} are allowed`)
  return Object.fromEntries(
    tags.map(([name, text]: [string, unknown]) => {
      if (typeof text !== 'string' || name.length + text.length > maxTagLength)
        throw refused(`a heartbeat: tag ${JSON.stringify(name.slice(0, 40))} is no short text`)
      if (!isPrintable(name + text))
        throw refused(`a heartbeat: tag ${printable(JSON.stringify(name.slice(0, 40)))} has control characters`)
      return [name, text]
    }),
  )
}

const refused = (what: string): MusterError =>
  new MusterError('CLUSTER_MESSAGE', what, { status: 400, hint: 'the other agent may be of another version' })
