import net from 'node:net'
import tls from 'node:tls'
import type { Clock } from '../../../common/clock.js'
import { errorMessage } from '../../../common/errors.js'
import { GrpcFault, grpcCode } from './fault.js'
import { Http2Connection, type KeepAlive } from './http2-connection.js'

/** Of etcd's client API. */
const defaultPort = 2379

/** Where to connect to, and what with. Texts are PEM. */
export interface DialOptions {
  /** `http(s)://host:port`, or `unix:///path/of/socket`. */
  readonly endpoint: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string } | undefined
  readonly clock: Clock
  readonly keepAlive: KeepAlive
  /** Milliseconds until the other side has introduced itself. */
  readonly timeoutMs: number
}

/** A connection on its way. */
export interface Dialling {
  /** Rejects with a GrpcFault that says that nothing was sent. */
  readonly connection: Promise<Http2Connection>
  abandon(reason: GrpcFault): void
}

/** Connects to an endpoint. It counts as reached when the other side has answered in HTTP/2. */
export function dial(options: DialOptions): Dialling {
  const unreached = (reason: string): GrpcFault =>
    new GrpcFault(grpcCode.unavailable, `no connection to ${options.endpoint}: ${reason}`, { sent: false })
  const socket = openSocket(options)
  let abandon: ((reason: GrpcFault) => void) | undefined
  const connection = new Promise<Http2Connection>((resolve, reject) => {
    let made: Http2Connection | undefined
    const late = options.clock.after(options.timeoutMs, () => {
      abandon?.(unreached(`no answer within ${options.timeoutMs} ms`))
    })
    abandon = reason => {
      late.cancel()
      made?.close(reason)
      socket.destroy()
      reject(reason)
    }
    // After the connect, errors belong to the connection, since requests may have been sent.
    const unable = (fault: Error): void => {
      abandon?.(unreached(errorMessage(fault)))
    }
    socket.on('error', unable)
    socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
      if (socket instanceof tls.TLSSocket && socket.alpnProtocol !== 'h2') {
        abandon?.(unreached('it does not speak HTTP/2'))
        return
      }
      made = new Http2Connection(socket, options)
      made.ready.then(
        () => {
          late.cancel()
          socket.off('error', unable)
          abandon = undefined
          if (made !== undefined) resolve(made)
        },
        (fault: unknown) => abandon?.(unreached(errorMessage(fault))),
      )
    })
  })
  connection.catch(() => undefined)
  return { connection, abandon: reason => abandon?.(reason) }
}

function openSocket({ endpoint, tls: secrets }: DialOptions): net.Socket {
  if (endpoint.startsWith('unix:')) return net.connect(endpoint.replace(/^unix:(?:\/\/)?/, ''))
  const { protocol, hostname, port } = new URL(endpoint)
  const host = hostname.replace(/^\[|\]$/g, '')
  const at = { host, port: port === '' ? defaultPort : Number(port) }
  if (protocol !== 'https:') return net.connect(at)
  return tls.connect({
    ...at,
    ...(net.isIP(host) === 0 && { servername: host }),
    ...(secrets?.ca !== undefined && { ca: secrets.ca }),
    ...(secrets?.cert !== undefined && { cert: secrets.cert }),
    ...(secrets?.key !== undefined && { key: secrets.key }),
    ALPNProtocols: ['h2'],
  })
}

/** The headers that say who is asked: gRPC's name of an endpoint. */
export function authorityOf(endpoint: string): { readonly scheme: string; readonly authority: string } {
  if (endpoint.startsWith('unix:')) return { scheme: 'http', authority: 'localhost' }
  const { protocol, host } = new URL(endpoint)
  return { scheme: protocol === 'https:' ? 'https' : 'http', authority: host }
}
