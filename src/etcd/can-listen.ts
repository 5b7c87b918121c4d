import net from 'node:net'

/**
 * Which of some `http://ip:port` this machine can listen on beside the first: an address that it no longer has, or that
 * another program has, is left out.
 */
export async function listenable(first: string, others: readonly string[]): Promise<readonly string[]> {
  const held: net.Server[] = []
  const free: string[] = []
  for (const url of [first, ...others]) {
    const server = await listen(url)
    if (server === undefined) continue
    held.push(server)
    if (url !== first) free.push(url)
  }
  await Promise.all(
    held.map(
      server =>
        new Promise(resolve => {
          server.close(resolve)
        }),
    ),
  )
  return free
}

function listen(url: string): Promise<net.Server | undefined> {
  const { hostname, port } = new URL(url)
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => {
      resolve(undefined)
    })
    server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port), exclusive: true }, () => {
      resolve(server)
    })
  })
}
