import net from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A TCP proxy whose connections a test can break, and that then refuses new ones until it is mended. */
export interface CuttableProxy {
  readonly port: number
  cut(): void
  mend(): void
}

export async function cuttableProxy(
  t: Test,
  to: { readonly host: string; readonly port: number },
): Promise<CuttableProxy> {
  const open = new Set<net.Socket>()
  let whole = true
  const server = net.createServer(socket => {
    if (!whole) {
      socket.destroy()
      return
    }
    const onward = net.connect(to)
    for (const [side, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      open.add(side)
      side.pipe(other)
      side.on('error', () => {
        other.destroy()
      })
      side.on('close', () => {
        open.delete(side)
        other.destroy()
      })
    }
  })
  const cut = (): void => {
    whole = false
    for (const socket of open) socket.destroy()
  }
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(() => {
    cut()
    return new Promise<void>(resolve => {
      server.close(() => {
        resolve()
      })
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    mend: () => {
      whole = true
    },
  }
}
