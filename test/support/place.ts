import { loopbackAddress } from './loopback-address.js'

/**
 * Where an agent runs: an address that is its own, so that it can use the default ports, and how a program is started
 * there.
 */
export interface Place {
  readonly address: string
  /** The command line that runs a program at this place. */
  command(program: string, args: readonly string[]): [string, string[]]
}

/** An address of 127.0.0.0/8 that is nobody else's. */
export async function loopbackPlace(): Promise<Place> {
  return { address: await loopbackAddress(), command: (program, args) => [program, [...args]] }
}
