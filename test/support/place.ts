import net from 'node:net'

/** Where an agent runs: an address that is its own, so that it can use the default ports, and how a program is started there. */
export interface Place {
  readonly address: string
  /** The command line that runs a program at this place. */
  command(program: string, args: readonly string[]): [string, string[]]
}

let counted = 0

/** An address of 127.0.0.0/8 that is nobody else's: it follows from the process id, and nobody listens there. */
export async function loopbackPlace(): Promise<Place> {
  for (;;) {
    const number = ++counted
    if (number > 250 * 8) throw new Error('no free loopback address is left')
    const address = `127.${64 + (process.pid >> 8) % 64 + 64 * Math.floor(number / 1000) % 2}.${process.pid & 255}.${number % 250 + 1}`
    if (await isFree(address, 8300) && await isFree(address, 8500)) return { address, command: (program, args) => [program, [...args]] }
  }
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = net.createServer()
    server.once('error', () => { resolve(false) })
    server.listen(port, address, () => { server.close(() => { resolve(true) }) })
  })
}
