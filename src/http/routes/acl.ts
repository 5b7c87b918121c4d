import { MusterError } from '../../common/errors.js'
import type { Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { Handler, Route } from '../route.js'

/**
 * `/v1/acl/*` of an agent without access control: each endpoint is there, with Consul's methods, and says so. Tools ask
 * them to find out whether they need a token.
 */
export const aclRoutes = (_deps: Deps): readonly Route[] =>
  endpoints.map(([path, ...methods]): Route => ({
    path: `/v1/acl/${path}`,
    reach: 'local',
    whileNotReady: true,
    ...Object.fromEntries(methods.map(method => [method, disabled])),
  }))

const disabled: Handler = (): Answer => {
  throw new MusterError('ACL_DISABLED', 'ACL support disabled', { status: 401 })
}

const endpoints: readonly (readonly [path: string, ...methods: ('GET' | 'POST' | 'PUT' | 'DELETE')[]])[] = [
  ['bootstrap', 'PUT'],
  ['replication', 'GET'],
  ['login', 'POST'],
  ['logout', 'POST'],
  ['tokens', 'GET'],
  ['token', 'PUT'],
  ['token/self', 'GET'],
  ['token/*', 'GET', 'PUT', 'DELETE'],
  ['policies', 'GET'],
  ['policy', 'PUT'],
  ['policy/*', 'GET', 'PUT', 'DELETE'],
  ['policy/name/*', 'GET'],
  ['roles', 'GET'],
  ['role', 'PUT'],
  ['role/*', 'GET', 'PUT', 'DELETE'],
  ['role/name/*', 'GET'],
  ['auth-methods', 'GET'],
  ['auth-method', 'PUT'],
  ['auth-method/*', 'GET', 'PUT', 'DELETE'],
  ['binding-rules', 'GET'],
  ['binding-rule', 'PUT'],
  ['binding-rule/*', 'GET', 'PUT', 'DELETE'],
  ['rules/translate', 'POST'],
  ['rules/translate/*', 'GET'],
  ['create', 'PUT'],
  ['update', 'PUT'],
  ['destroy/*', 'PUT'],
  ['clone/*', 'PUT'],
  ['info/*', 'GET'],
  ['list', 'GET'],
]
