import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isUuid } from '../common/uuid.js'

/** Where a machine says who it is, the best first: its hardware (for root only), then its installation. */
const sources = ['/sys/class/dmi/id/product_uuid', '/etc/machine-id'] as const

/** A node id that follows from this machine, by Consul's rule; undefined where the machine does not say who it is. */
export function hostNodeId(read: (path: string) => string = readText): string | undefined {
  for (const path of sources) {
    const said = read(path)
      .trim()
      .toLowerCase()
      .replace(/^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/, '$1-$2-$3-$4-$5')
    if (!isUuid(said)) continue
    // Hash it, since the machine's own id should not be published.
    const hash = createHash('sha512').update(said).digest('hex')
    return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')
  }
  return undefined
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
