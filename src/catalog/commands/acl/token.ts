import { sameData } from '../../../common/plain-data.js'
import { isUuid } from '../../../common/uuid.js'
import { isLive } from '../../acl/live.js'
import { aclNotFound, assertDescription, invalidAcl } from '../../acl/names.js'
import { anonymousAccessor } from '../../acl/types.js'
import type { Token, TokenData } from '../../acl/types.js'
import type { CatalogReads, Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { uuidFault } from '../../uuid-fault.js'
import { drafted } from '../draft.js'
import { resolveIdentities, resolveLinks, type GrantsRequest, type Link } from './grants.js'
import { expiryOf, type ExpiryRequest } from './token-expiry.js'
import { assertFreeId, putToken, removeToken, type TokenIds } from './token-writes.js'

/** What a token is to be, as a client writes it. `accessor` and `secret` are '' where the client chose none. */
export interface TokenRequest extends GrantsRequest, ExpiryRequest {
  readonly accessor: string
  readonly secret: string
  readonly description: string
  readonly roles: readonly Link[]
  readonly local: boolean
  /** Has to be '' outside of a login. */
  readonly authMethod: string
  /** Has to be '': old tokens alone have rules of their own. */
  readonly rules: string
}

/**
 * Creates a token. The result is its accessor. Refused with ACL_INVALID, in Consul's words.
 * @param made ids for what the client did not choose
 * @param now in ms since 1970
 */
export const createToken =
  (request: TokenRequest, made: TokenIds, now: number): Command<string> =>
  state =>
    drafted(draft => {
      if (request.accessor !== '') assertFreeId(state, 'AccessorID', request.accessor)
      if (request.secret !== '') assertFreeId(state, 'SecretID', request.secret)
      const expirationTime = expiryOf(request, now)
      if (request.authMethod !== '') throw invalidAcl('AuthMethod field is disallowed outside of Login')
      const data: TokenData = {
        accessor: request.accessor === '' ? made.accessor : request.accessor.toLowerCase(),
        secret: request.secret === '' ? made.secret : request.secret,
        ...contentOf(state, request),
        local: request.local,
        createTime: now,
        ...(expirationTime !== undefined && { expirationTime }),
      }
      putToken(draft, data)
      return data.accessor
    })(state)

/**
 * Puts what a token says in the place of what it said, by its accessor; it keeps its secret, its times, and where it
 * comes from. Written only when it differs. An old token becomes one of today's. Refused with ACL_INVALID, in Consul's
 * words.
 */
export const updateToken =
  (request: TokenRequest, now: number): Command<string> =>
  state =>
    drafted(draft => {
      const fault = uuidFault(request.accessor)
      if (fault !== undefined)
        throw invalidAcl(`Failed acl token lookup by accessor: failed acl token lookup: ${fault}`)
      const standing = state.tokens.get(request.accessor)
      if (standing === undefined || !isLive(state, standing, now))
        throw invalidAcl(`Cannot find token ${JSON.stringify(request.accessor)}`)
      assertKept(standing, request)
      const before = withoutRevisions(standing)
      const after: TokenData = { ...before, ...contentOf(state, request) }
      if (!sameData(before, after)) putToken(draft, after, standing)
      return standing.accessor
    })(state)

/**
 * Creates a token with the rights of another, until the same time. The result is its accessor. Refused with
 * ACL_NOT_FOUND (403) when there is none, and with ACL_INVALID for one of a login and an old one.
 * @param description in place of the other's; '' the same
 */
export const cloneToken =
  (accessor: string, description: string, made: TokenIds, now: number): Command<string> =>
  state =>
    drafted(draft => {
      const original = liveToken(state, accessor, now)
      if (original.login !== undefined) throw invalidAcl('Cannot clone a token created from an auth method')
      if (isLegacy(original)) throw invalidAcl('Cannot clone a legacy ACL with this endpoint')
      const { expirationTime: ends, ...data } = withoutRevisions(original)
      const expirationTime = expiryOf(ends === undefined ? {} : { expirationTime: ends }, now)
      assertDescription('Token', description)
      putToken(draft, {
        ...data,
        ...made,
        description: description === '' ? data.description : description,
        type: '',
        createTime: now,
        ...(expirationTime !== undefined && { expirationTime }),
      })
      return made.accessor
    })(state)

/**
 * Deletes a token. One that is not there is fine. Refused with ACL_INVALID for the anonymous one and the caller's own.
 * @param ownSecret what the caller brought
 */
export const deleteToken =
  (accessor: string, ownSecret: string): Command<true> =>
  state =>
    drafted(draft => {
      if (!isUuid(accessor)) throw invalidAcl('Accessor ID is missing or an invalid UUID')
      if (accessor.toLowerCase() === anonymousAccessor)
        throw invalidAcl('Delete operation not permitted on the anonymous token')
      const standing = state.tokens.get(accessor)
      if (standing === undefined) return true as const
      if (standing.secret === ownSecret)
        throw invalidAcl("Deletion of the request's authorization token is not permitted")
      removeToken(draft, standing)
      return true as const
    })(state)

/**
 * Deletes those of the given tokens that do not count any more. The result is how many.
 * @param now in ms since 1970
 */
export const reapTokens =
  (tokens: readonly Token[], now: number): Command<number> =>
  state =>
    drafted(draft => {
      const gone = tokens.flatMap(({ accessor }) => state.tokens.get(accessor) ?? [])
      const over = gone.filter(token => !isLive(state, token, now))
      for (const token of over) removeToken(draft, token)
      return over.length
    })(state)

/**
 * The token of an accessor.
 * @throws MusterError ACL_NOT_FOUND (403) when there is none, ACL_INVALID (500) when it cannot be one's
 */
export function liveToken(state: Pick<CatalogReads, 'tokens' | 'authMethods'>, accessor: string, now: number): Token {
  const fault = uuidFault(accessor)
  if (fault !== undefined) throw invalidAcl(`failed acl token lookup: ${fault}`)
  const found = state.tokens.get(accessor)
  if (found === undefined || !isLive(state, found, now)) throw aclNotFound()
  return found
}

/** Whether a token has nothing that the first ACL system did not know, and something that only it knew. */
export const isLegacy = ({ type, rules, policies, roles, serviceIdentities, nodeIdentities }: TokenData): boolean =>
  rules !== ''
  || (type !== '' && policies.length + roles.length + serviceIdentities.length + nodeIdentities.length === 0)

function contentOf(
  state: CatalogReads,
  request: TokenRequest,
): Pick<TokenData, 'description' | 'roles' | 'type' | 'rules' | keyof GrantsRequest> {
  const policies = resolveLinks('policy', request.policies, state.policies)
  const roles = resolveLinks('role', request.roles, state.roles)
  const identities = resolveIdentities(request, 'token', request.local)
  if (request.rules !== '') throw invalidAcl('Rules cannot be specified for this token')
  assertDescription('Token', request.description)
  return { policies, roles, ...identities, description: request.description, type: '', rules: '' }
}

/** @throws MusterError ACL_INVALID in Consul's words, when a request would change what a token keeps. */
function assertKept(standing: Token, request: TokenRequest): void {
  const { accessor, secret, local, authMethod, expirationTtl = 0, expirationTime } = request
  if (secret !== '' && secret !== standing.secret) throw invalidAcl('Changing a tokens SecretID is not permitted')
  if (local !== standing.local) throw invalidAcl(`cannot toggle local mode of ${accessor}`)
  if (authMethod !== '' && authMethod !== standing.login?.method)
    throw invalidAcl(`Cannot change AuthMethod of ${accessor}`)
  if (expirationTtl !== 0 || (expirationTime !== undefined && expirationTime !== standing.expirationTime))
    throw invalidAcl(`Cannot change expiration time of ${accessor}`)
}
