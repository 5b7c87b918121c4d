import { MusterError } from '../../common/errors.js'
import { parseBool } from '../../common/parse-bool.js'
import { decodeBody, openObject, string } from '../request/decode.js'
import type { Deps } from '../deps.js'
import type { Query } from '../request/query.js'
import type { Handler, Route } from '../route.js'

/**
 * `/v1/operator/keyring`: the keys that agents encrypt their traffic with. It is not encrypted yet, so there are none
 * to list, and none can be installed: attempts are refused, so that nobody relies on encryption that does not exist.
 */
export const operatorKeyringRoutes = (_deps: Deps): readonly Route[] => [
  { path: '/v1/operator/keyring', reach: 'handed-on', GET: list, POST: change, PUT: change, DELETE: change },
]

const list: Handler = ({ query }) => {
  checkRelayFactor(query)
  const local = query.first('local-only')
  if (local !== '' && parseBool(local) === undefined)
    throw badRequest(`Error parsing local-only: ${JSON.stringify(local)} is neither true nor false`)
  throw new MusterError('KEYRING_EMPTY', 'Keyring is empty (encryption not enabled)')
}

const body = openObject({ Key: string })

const change: Handler = ({ query, body: bytes }) => {
  checkRelayFactor(query)
  if (query.has('local-only')) throw badRequest('Error parsing local-only: it is for listing keys only')
  decodeBody(bytes, body)
  throw new MusterError(
    'KEYRING_ABSENT',
    'Keyring is empty (encryption not enabled): this version does not encrypt traffic between agents yet',
    {
      status: 409,
      hint: 'keep what agents tell each other inside a network that you trust, or in a VPN',
    },
  )
}

function checkRelayFactor(query: Query): void {
  const text = query.first('relay-factor')
  if (text === '') return
  if (!/^[+-]?\d+$/.test(text))
    throw badRequest(`Error parsing relay factor: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (Number(text) < 0 || Number(text) > 5) throw badRequest(`Relay factor must be in range: [0, 5], found ${text}`)
}

const badRequest = (message: string): MusterError =>
  new MusterError('HTTP_PARAMETER', `Bad request: ${message}`, { status: 400 })
