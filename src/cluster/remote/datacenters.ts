import type { ServerPool } from './server-pool.js'
import type { RpcServer } from '../../rpc/index.js'
import { Shape } from '../../rpc/index.js'
import { viewMethods } from './views/view-messages.js'

/** More datacenters than are ever joined. */
const maxDatacenters = 1024

/** Tells client agents which other datacenters they may ask for views of. */
export function registerDatacenters(server: RpcServer, others: () => readonly string[]): void {
  server.handle(viewMethods.datacenters, () => Promise.resolve({ datacenters: others().slice(0, maxDatacenters) }))
}

/** The other datacenters that a server knows, in lower case. Rejects when none answers. */
export async function askDatacenters(pool: ServerPool): Promise<readonly string[]> {
  const answer = new Shape(
    await pool.call(viewMethods.datacenters, {}, { timeout: 2000, mayRepeat: true }),
    'a list of datacenters',
  )
  return answer.list('datacenters', maxDatacenters, name => String(name).toLowerCase())
}
