import { MusterError } from '../../common/errors.js'
import type { Deps } from '../deps.js'
import type { Handler, Route } from '../route.js'

/**
 * `/v1/operator/keyring`: the keys that agents encrypt their traffic with. It is not encrypted yet, so there are none to list, and none can be
 * installed: whoever tries is told, and believes in no protection that is not there.
 */
export const operatorKeyringRoutes = (_deps: Deps): readonly Route[] =>
  [{ path: '/v1/operator/keyring', GET: list, POST: change, PUT: change, DELETE: change }]

const list: Handler = () => {
  throw new MusterError('KEYRING_EMPTY', 'Keyring is empty (encryption not enabled)')
}

const change: Handler = () => {
  throw new MusterError('KEYRING_ABSENT', 'Keyring is empty (encryption not enabled): this version does not encrypt traffic between agents yet')
}
