import { updateCoordinates, type CatalogWrites, type CoordinateUpdate } from '../../catalog/index.js'
import type { Clock, Timer } from '../../common/clock.js'
import { readCoordinate } from '../../common/coordinate.js'
import { MusterError, errorMessage } from '../../common/errors.js'
import { maxNodeBytes } from '../../common/name-limits.js'
import { fieldsOf } from '../../common/plain-data.js'
import type { Logger } from '../../telemetry/index.js'
import type { RpcServer } from '../../rpc/index.js'

/** The call by which an agent brings its coordinate to a server. */
export const updateMethod = 'coordinate/update'

/** What a server collects coordinates with. */
export interface CoordinateBatchOptions {
  readonly catalog: Pick<CatalogWrites, 'execute'>
  readonly server: RpcServer
  readonly clock: Clock
  readonly log: Logger
}

/** Coordinates on their way into the catalog. */
export interface CoordinateBatch {
  add(update: CoordinateUpdate): void
  close(): void
}

/**
 * Every 5 s at most five writes of 128 coordinates each, as in Consul; what is beyond comes again with the agent's next
 * report.
 */
const period = 5000
const perWrite = 128
const maxWaiting = 5 * perWrite

/** Collects reported coordinates and writes them in batches, to keep the load on the store low. */
export function createCoordinateBatch({ catalog, server, clock, log }: CoordinateBatchOptions): CoordinateBatch {
  let waiting = new Map<string, CoordinateUpdate>()
  let timer: Timer | undefined
  let dropped = 0
  let closed = false

  const write = async (): Promise<void> => {
    const updates = [...waiting.values()]
    waiting = new Map()
    if (dropped > 0) log.warn('more coordinates were reported than are written', { dropped })
    dropped = 0
    try {
      for (let from = 0; from < updates.length && !closed; from += perWrite)
        await catalog.execute(updateCoordinates(updates.slice(from, from + perWrite)))
    } catch (error) {
      log.debug('coordinates could not be written', { error: errorMessage(error) })
    }
  }
  const schedule = (): void => {
    timer ??= clock.after(period, () => {
      void write().finally(() => {
        timer = undefined
        if (waiting.size > 0 && !closed) schedule()
      })
    })
  }
  const add = (update: CoordinateUpdate): void => {
    if (closed) return
    const name = update.node.toLowerCase()
    if (waiting.size >= maxWaiting && !waiting.has(name)) {
      dropped++
      return
    }
    waiting.set(name, update)
    schedule()
  }
  server.handle(
    updateMethod,
    body => {
      add(readUpdate(body))
      return Promise.resolve(undefined)
    },
    { bodyLimit: 16 * 1024 },
  )
  return {
    add,
    close: () => {
      closed = true
      timer?.cancel()
    },
  }
}

/** @throws MusterError COORDINATE_INVALID */
function readUpdate(body: unknown): CoordinateUpdate {
  const { node, coordinate } = fieldsOf(body)
  const read = readCoordinate(coordinate)
  if (typeof node !== 'string' || node === '' || Buffer.byteLength(node) > maxNodeBytes)
    throw new MusterError('COORDINATE_INVALID', 'a coordinate came without the name of a node', { status: 400 })
  if (read === undefined)
    throw new MusterError('COORDINATE_INVALID', `the coordinate of ${node} is none`, { status: 400 })
  return { node, coordinate: read }
}
