import type { Access, Resource } from '../common/access.js'
import { MusterError } from '../common/errors.js'
import type { Authorizer } from './authorizer.js'

/** What somebody asks about their own rights, in words: `key`, `app/`, `write-prefix`. */
export interface WrittenQuestion {
  readonly resource: string
  /** The name that it is about, '' for none. */
  readonly segment: string
  readonly access: string
}

const plain: readonly string[] = ['read', 'write']

/** The accesses that may be asked about, by resource. */
const accesses: Readonly<Record<Resource, readonly string[]>> = {
  acl: plain,
  agent: plain,
  event: plain,
  intention: plain,
  key: ['read', 'list', 'write', 'write-prefix'],
  keyring: plain,
  mesh: plain,
  node: plain,
  operator: plain,
  query: plain,
  service: plain,
  session: plain,
}

/**
 * Answers a question of somebody about their own rights.
 * @throws MusterError ACL_QUESTION (400) in Consul's words, when there is no such resource or access
 */
export function answerQuestion(rights: Authorizer, { resource, segment, access }: WrittenQuestion): boolean {
  if (!isResource(resource))
    throw badQuestion(`Bad request: Invalid ACL resource requested: ${JSON.stringify(resource)}`)
  if (!accesses[resource].includes(access))
    throw badQuestion(`Bad request: Invalid access level for ${resource} resource: ${access}`)
  if (resource === 'key' && access === 'write-prefix') return rights.allowsAll('key', 'write', segment)
  return isAccess(access) && rights.allows(resource, access, segment)
}

const isResource = (text: string): text is Resource => Object.hasOwn(accesses, text)
const isAccess = (text: string): text is Access => text === 'read' || text === 'list' || text === 'write'

const badQuestion = (message: string): MusterError => new MusterError('ACL_QUESTION', message, { status: 400 })
