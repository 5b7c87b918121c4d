import { errorCode } from './errors.js'

/** Where something was to listen, and the settings that say so, as a user writes them: `ports.dns (-dns-port)`. */
export interface ListenPlace {
  readonly host: string
  readonly addressKeys: string
  readonly portKey: string
}

/**
 * What to do about a socket that could not be bound, by the system's code. Node's own message, which names code,
 * address and port, stands before it.
 */
export function listenRemedy(error: unknown, { host, addressKeys, portKey }: ListenPlace): string {
  switch (errorCode(error)) {
    case 'EADDRNOTAVAIL':
      return `${host} is not one of this machine's addresses ("ip address" lists them): set ${addressKeys} to one that is`
    case 'EADDRINUSE':
      return `another program has the port, perhaps another agent: stop it, or set ${portKey} to another one`
    case 'EACCES':
      return `ports below 1024 need a privilege: set ${portKey} to a higher one, or grant CAP_NET_BIND_SERVICE`
    case 'EAFNOSUPPORT':
      return `this machine has no addresses of that kind (IPv6 may be switched off): set ${addressKeys} to another one`
    case 'EINVAL':
      return `nothing can listen on ${host} as it stands (a link-local address needs its interface, as in fe80::1%eth0): set ${addressKeys} to another one`
    default:
      return `set ${addressKeys} and ${portKey} to what this machine can listen on`
  }
}
