import os from 'node:os'
import type { InterfaceAddress } from './resolve/address-template.js'

/** The addresses of this machine's network interfaces, loopback included. */
export const machineInterfaces = (): readonly InterfaceAddress[] => Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
  (addresses ?? []).map(({ address, family }) => ({ name, address, family: family === 'IPv4' ? 4 : 6 })))
