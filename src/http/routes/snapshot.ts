import { MusterError } from '../../common/errors.js'
import { version } from '../../common/version.js'
import { checkArchive, readArchive, writeArchive } from '../../snapshot/index.js'
import { aborted } from '../request/aborted.js'
import { empty, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { readOptions } from '../reads/read-options.js'
import type { ApiRequest, Route } from '../route.js'
import { withUpload } from '../request/upload-file.js'

/**
 * Largest archive taken, in bytes, and what it may become when it is decompressed: far above any catalog that fits into
 * memory.
 */
const archiveLimit = 1024 * 1024 * 1024
const stateLimit = 2 * 1024 * 1024 * 1024 - 1

/** `/v1/snapshot`: the catalog as one archive, and back. */
export const snapshotRoutes = (deps: Deps): readonly Route[] => [
  {
    path: '/v1/snapshot',
    reach: 'handed-on',
    GET: new Saves(deps).save,
    PUT: new Restores(deps).restore,
    uploads: true,
    bodyLimit: () => archiveLimit,
  },
]

/** Makes archives one after the other: each is held in memory, and so is what it is made of. */
class Saves {
  readonly #deps: Deps
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
  }

  readonly save = (request: ApiRequest): Promise<Answer> => {
    const gone = request.gone()
    const answer = this.#last.then(() => {
      if (gone.aborted) throw aborted('the client went away before its turn came')
      return save(this.#deps, request)
    })
    this.#last = answer.catch(() => undefined)
    return answer
  }
}

async function save({ catalog, membership, settings, clock, lastContact }: Deps, request: ApiRequest): Promise<Answer> {
  const { consistency } = readOptions(request.query, request.header('cache-control'), settings())
  const stale = consistency === 'stale'
  const { raft } = await membership.stats()
  const { revision, entries } = await catalog.save({ stale })
  const term = Number(raft?.term ?? 1)
  const now = clock.now()
  const bytes = await writeArchive(
    {
      meta: {
        ID: `${term}-${revision}-${Math.floor(now)}`,
        Index: revision,
        Term: term,
        Build: version,
        Datacenter: settings().datacenter,
      },
      records: entries,
    },
    now,
  )
  const headers = [
    'X-Consul-Index',
    String(revision),
    'X-Consul-Knownleader',
    String(membership.leader() !== ''),
    'X-Consul-Lastcontact',
    String(stale ? lastContact() : 0),
  ]
  return { kind: 'bytes', status: 200, type: 'application/x-gzip', bytes, headers }
}

/** Whether a restore is running. Only one may run, since two would mix their writes. */
class Restores {
  readonly #deps: Deps
  #underWay = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  readonly restore = async (request: ApiRequest): Promise<Answer> => {
    if (this.#underWay)
      throw new MusterError('SNAPSHOT_BUSY', 'a snapshot is being restored already', {
        status: 409,
        hint: 'try again when it is done',
      })
    this.#underWay = true
    try {
      await this.#restore(request)
    } finally {
      this.#underWay = false
    }
    return empty()
  }

  async #restore({ upload }: ApiRequest): Promise<void> {
    const { agent, catalog, log, settings } = this.#deps
    const { meta, records } = await withUpload(settings().dataDir, upload(), async (pieces, file) => {
      await checkArchive(pieces, { limit: stateLimit })
      return readArchive(file(), { limit: stateLimit })
    })
    const revision = await catalog.restore(records)
    // Other agents notice it with their next full sync, within about a minute.
    agent.serversChanged()
    log.warn('the catalog was restored from a snapshot', { snapshot: meta.ID, entries: records.length, revision })
  }
}
