import fs from 'node:fs'
import os from 'node:os'
import type { InterfaceAddress } from './interface-address.js'

/**
 * The addresses of this machine's network interfaces, loopback included, with what the kernel says of them where it is
 * Linux.
 */
export function machineInterfaces(): readonly InterfaceAddress[] {
  const leaving = defaultInterface(readText('/proc/net/route') ?? '')
  return Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) => {
    const flags = Number(readText(`/sys/class/net/${name}/flags`)?.trim())
    return (addresses ?? []).map(({ address, family, cidr }) => ({
      name,
      address,
      family: family === 'IPv4' ? 4 : 6,
      isDefault: name === leaving,
      ...(cidr === null ? {} : { prefix: Number(cidr.split('/')[1]) }),
      ...(flags > 0 ? { flags } : {}),
    }))
  })
}

/**
 * The interface of the default route with the smallest metric, in the text of /proc/net/route; undefined where there is
 * none.
 */
export function defaultInterface(routes: string): string | undefined {
  const found = routes
    .split('\n')
    .slice(1)
    .map(line => line.split('\t'))
    .flatMap(([name = '', destination, , , , , metric, mask]) =>
      destination === '00000000' && mask === '00000000' ? [{ name, metric: Number(metric) }] : [],
    )
  return found.sort((a, b) => a.metric - b.metric)[0]?.name
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
