import { isIP } from 'node:net'
import type { HostPort } from '../common/host-port.js'

/**
 * What to connect to: a name with addresses of both families is tried on all of them. `timeout`: milliseconds for the
 * whole.
 */
export const dialTarget = ({ host, port }: HostPort, timeout: number) => ({
  host,
  port,
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: Math.max(250, Math.floor(timeout / 3)),
})

/** The name that a certificate has to be for: the one that the check gives, else the host unless it is an address. */
export const expectedName = (given: string, host: string): string =>
  given !== '' ? given : isIP(host) === 0 ? host : ''
