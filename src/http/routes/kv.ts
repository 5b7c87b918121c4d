import {
  kvAcquire,
  kvCas,
  kvDelete,
  kvDeleteCas,
  kvDeleteTree,
  kvPut,
  kvRelease,
  type Command,
  type KvData,
} from '../../catalog/index.js'
import { MusterError } from '../../common/errors.js'
import { json, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { Built } from '../answer/prepared-body.js'
import type { Query } from '../request/query.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { required } from '../reads/selection.js'
import { foldKeys, kvJson } from '../views/kv-views.js'

/** `/v1/kv/*`. What follows the slash is the key, or with `recurse` and `keys` the beginning of keys. */
export const kvRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/kv/*',
    reach: 'handed-on',
    GET: request =>
      request.query.has('keys')
        ? keys(deps, request)
        : request.query.has('recurse')
          ? list(deps, request)
          : get(deps, request),
    PUT: request => put(deps, request),
    DELETE: request => remove(deps, request),
    bodyLimit: settings => settings.limits.kvMaxValueSize,
  },
]

const noKey = 'Missing key name'

const absent: Built = { status: 404, type: '', bytes: Buffer.alloc(0) }

// A value may be any document: a browser must not render it as a page of this server.
const rawHeaders = ['X-Content-Type-Options', 'nosniff', 'Content-Security-Policy', 'sandbox']

function get({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const key = required(request.rest, noKey)
  const raw = request.query.has('raw')
  return reads.answer(request, {
    topic: catalog.kv.topics.one(key),
    shapedBy: ['raw'],
    build: () => {
      const entry = catalog.kv.get(key)
      if (entry === undefined) return absent
      return raw
        ? { status: 200, type: 'text/plain', bytes: entry.value, headers: rawHeaders }
        : builtJson(`[${kvJson(entry)}]`)
    },
  })
}

function list({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const prefix = request.rest
  return reads.answer(request, {
    topic: catalog.kv.topics.below(prefix),
    shapedBy: ['recurse'],
    build: () => {
      const entries = Array.from(catalog.kv.below(prefix), entry => kvJson(entry))
      return entries.length === 0 ? absent : builtJson(`[${entries.join(',')}]`)
    },
  })
}

function keys({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const { rest: prefix, query } = request
  // Old clients use this misspelled name.
  const separator = query.first(query.has('separator') ? 'separator' : 'seperator')
  return reads.answer(request, {
    topic: catalog.kv.topics.below(prefix),
    shapedBy: ['keys', 'separator', 'seperator'],
    build: () => {
      const found = foldKeys(catalog.kv.keysBelow(prefix), prefix, separator)
      return found.length === 0 && prefix !== '' ? absent : builtJson(JSON.stringify(found))
    },
  })
}

async function put({ catalog }: Deps, { rest, query, body }: ApiRequest): Promise<Answer> {
  const key = required(rest, noKey)
  refuseConflict(query, ['cas', 'acquire', 'release'])
  const data: KvData = { key, value: body, flags: query.has('flags') ? parseUint(query.first('flags')) : 0n }
  const { result } = await catalog.execute(putCommand(data, query))
  return json(result)
}

function putCommand(data: KvData, query: Query): Command<boolean> {
  if (query.has('cas')) return kvCas(data, Number(parseUint(query.first('cas'))))
  if (query.has('acquire')) return kvAcquire(data, query.first('acquire'))
  return query.has('release') ? kvRelease(data, query.first('release')) : kvPut(data)
}

async function remove({ catalog }: Deps, { rest, query }: ApiRequest): Promise<Answer> {
  refuseConflict(query, ['recurse', 'cas'])
  if (query.has('recurse')) {
    // The command deletes the keys that the state shows, so the state must be current.
    await catalog.barrier()
    return json((await catalog.execute(kvDeleteTree(rest))).result)
  }
  const key = required(rest, noKey)
  const command: Command<boolean> = query.has('cas')
    ? kvDeleteCas(key, Number(parseUint(query.first('cas'))))
    : kvDelete(key)
  return json((await catalog.execute(command)).result)
}

function refuseConflict(query: Query, flags: readonly string[]): void {
  if (flags.filter(flag => query.has(flag)).length < 2) return
  const sorted = new URLSearchParams([...query.entries()].map(([name, value]): [string, string] => [name, value]))
  sorted.sort()
  throw new MusterError('HTTP_PARAMETER', `Conflicting flags: ${sorted.toString()}`, { status: 400 })
}

const maxUint64 = 0xffff_ffff_ffff_ffffn

/** An unsigned 64-bit number, refused in the words of Go's strconv and with Consul's status. @throws MusterError 500 */
function parseUint(written: string): bigint {
  const refusal = (reason: string): MusterError =>
    new MusterError('HTTP_PARAMETER', `strconv.ParseUint: parsing ${JSON.stringify(written.slice(0, 64))}: ${reason}`)
  if (!/^\d+$/.test(written)) throw refusal('invalid syntax')
  // 20 digits already exceed the maximum, so longer texts need no parsing.
  const value = /^0*\d{1,20}$/.test(written) ? BigInt(written.replace(/^0+(?=\d)/, '')) : maxUint64 + 1n
  if (value > maxUint64) throw refusal('value out of range')
  return value
}
