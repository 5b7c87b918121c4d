import type { NodeIdentity, ServiceIdentity } from '../../../acl/index.js'
import { MusterError } from '../../../common/errors.js'
import { isLive } from '../../acl/live.js'
import { aclNotFound, permissionDenied } from '../../acl/names.js'
import type { TokenData } from '../../acl/types.js'
import type { Command } from '../../api.js'
import { aclMethodKey } from '../../keys.js'
import { drafted } from '../draft.js'
import { resolveIdentities } from './grants.js'
import { putToken, removeToken, type TokenIds } from './token-writes.js'

/** What somebody is to get whom an auth method knows, as its binding rules say. */
export interface LoginRequest {
  /** Name of the auth method. */
  readonly method: string
  readonly description: string
  /** Names of roles; those that are not there are passed over. */
  readonly roles: readonly string[]
  readonly serviceIdentities: readonly ServiceIdentity[]
  readonly nodeIdentities: readonly NodeIdentity[]
}

/**
 * Creates the token of a login. The result is its accessor. Refused with ACL_NOT_FOUND (403) when the method is gone,
 * and with ACL_DENIED (403) when nothing is bound.
 */
export const createLoginToken =
  (request: LoginRequest, made: TokenIds, now: number): Command<string> =>
  state =>
    drafted(draft => {
      const method = state.authMethods.get(request.method)
      if (method === undefined) throw methodNotFound(request.method)
      draft.relyOnKey(aclMethodKey(method.name), method.modified)
      const roles = request.roles.flatMap(name => state.roles.named(name)?.id ?? [])
      const { serviceIdentities, nodeIdentities } = request
      if (roles.length + serviceIdentities.length + nodeIdentities.length === 0) throw permissionDenied()
      const local = method.tokenLocality !== 'global'
      const data: TokenData = {
        ...made,
        description: request.description,
        policies: [],
        ...resolveIdentities({ serviceIdentities, nodeIdentities, templatedPolicies: [] }, 'token', local),
        roles: [...new Set(roles)],
        local,
        createTime: now,
        ...(method.maxTokenTtl > 0 && { expirationTime: now + method.maxTokenTtl }),
        login: { method: method.name, instance: method.instance },
        type: '',
        rules: '',
      }
      putToken(draft, data)
      return data.accessor
    })(state)

/**
 * Deletes the token of a login, as its holder asks. Refused with ACL_NOT_FOUND (403) when there is none, and with
 * ACL_DENIED (403) for a token that comes from no login.
 */
export const logout =
  (secret: string, now: number): Command<true> =>
  state =>
    drafted(draft => {
      const token = state.tokens.withSecret(secret)
      if (token === undefined || !isLive(state, token, now)) throw aclNotFound()
      if (token.login === undefined) throw permissionDenied()
      removeToken(draft, token)
      return true as const
    })(state)

/** The refusal of a login with a method that is not there. */
const methodNotFound = (name: string): MusterError =>
  new MusterError('ACL_NOT_FOUND', `ACL not found: auth method ${JSON.stringify(name)} not found`, { status: 403 })
