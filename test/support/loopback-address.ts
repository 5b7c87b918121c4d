import net from 'node:net'

/**
 * An address of the loopback network that nobody uses, so that fixed ports on it are free: tests run side by side, and
 * a port that was free a moment ago may be taken by another of them, while two of four million addresses hardly ever
 * meet.
 */
export async function loopbackAddress(): Promise<string> {
  for (;;) {
    const address = `127.${64 + random(64)}.${random(256)}.${1 + random(254)}`
    if (await isFree(address, 2380)) return address
  }
}

const random = (below: number): number => Math.floor(Math.random() * below)

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => {
      resolve(false)
    })
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}
