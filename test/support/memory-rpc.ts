import { decodeError, encodeError } from '../../src/rpc/protocol.js'
import type { CallOptions, RpcClient, RpcHandler, RpcServer, RpcStreamHandler } from '../../src/rpc/types.js'
import { unreachable } from '../../src/rpc/unreachable.js'
import type { Clock } from '../../src/common/clock.js'
import { MusterError } from '../../src/common/errors.js'

/** What an agent answers calls with, and what it calls others with. */
export interface MemoryEnd {
  readonly server: Pick<RpcServer, 'handle' | 'handleStream'>
  readonly client: Pick<RpcClient, 'call' | 'stream'>
  /** From now on nobody reaches it, as after the end of its process. */
  close(): void
}

interface Registered {
  readonly methods: Map<string, RpcHandler>
  readonly streams: Map<string, RpcStreamHandler>
  /** Aborted when the end is closed. */
  readonly closed: AbortController
}

const defaultTimeout = 5000

/**
 * A network without sockets: calls of agents reach each other's handlers through memory, after `delay` ms of the clock
 * each way. What crosses it is JSON text as on the wire, errors included. Links can be cut, which is noticed when the
 * call times out; nobody at an address is noticed at once.
 */
export class MemoryNetwork {
  readonly #clock: Clock
  readonly #ends = new Map<string, Registered>()
  readonly #cut = new Set<string>()
  /** ms that a request, and an answer, is under way. */
  delay = 1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An agent's end at `ip:port`. @throws when somebody is there already */
  open(address: string): MemoryEnd {
    if (this.#ends.has(address)) throw new Error(`${address} is taken`)
    const own: Registered = { methods: new Map(), streams: new Map(), closed: new AbortController() }
    this.#ends.set(address, own)
    return {
      server: {
        handle: (method, handler) => {
          own.methods.set(method, handler)
        },
        handleStream: (method, handler) => {
          own.streams.set(method, handler)
        },
      },
      client: {
        call: (to, method, body, options) => this.#call(address, to, method, body, options),
        stream: (to, method, body, on, signal) => this.#stream(address, to, method, body, on, signal),
      },
      close: () => {
        own.closed.abort()
        this.#ends.delete(address)
      },
    }
  }

  /** Nothing passes between two hosts any more, in either direction. */
  cut(one: string, other: string): void {
    this.#cut.add(link(one, other))
  }

  heal(): void {
    this.#cut.clear()
  }

  /** Whether packets pass between two hosts. */
  connects(one: string, other: string): boolean {
    return !this.#cut.has(link(one, other))
  }

  #call(
    from: string,
    to: string,
    method: string,
    body: unknown,
    { timeout = defaultTimeout, signal }: CallOptions = {},
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(givenUp())
        return
      }
      let sent = false
      const settle = (run: () => void): void => {
        timer?.cancel()
        signal?.removeEventListener('abort', leave)
        run()
      }
      const fail = (error: unknown): void => {
        settle(() => {
          reject(error instanceof Error ? error : new Error(String(error)))
        })
      }
      const leave = (): void => {
        fail(givenUp())
      }
      const timer =
        timeout === 0
          ? undefined
          : this.#clock.after(timeout, () => {
              fail(unreachable(to, sent, new Error(`no answer within ${timeout} ms`)))
            })
      signal?.addEventListener('abort', leave)
      this.#carry(from, to, () => {
        const end = this.#ends.get(to)
        if (end === undefined) {
          fail(unreachable(to, false, Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' })))
          return
        }
        sent = true
        void this.#answer(end, from, method, body).then(answer => {
          this.#carry(to, from, () => {
            if (end.closed.signal.aborted) fail(unreachable(to, true, new Error('the connection ended')))
            else if ('error' in answer) fail(answer.error)
            else
              settle(() => {
                resolve(answer.value)
              })
          })
        })
      })
    })
  }

  async #answer(
    { methods, closed }: Registered,
    from: string,
    method: string,
    body: unknown,
  ): Promise<{ readonly value: unknown } | { readonly error: MusterError }> {
    try {
      const handler = methods.get(method)
      if (handler === undefined) throw unknownMethod(method)
      return { value: copy(await handler(copy(body), { address: host(from), aborted: closed.signal })) }
    } catch (error) {
      return { error: overTheWire(error) }
    }
  }

  async #stream(
    from: string,
    to: string,
    method: string,
    body: unknown,
    on: (value: unknown) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) throw new MusterError('CLUSTER_ABORTED', 'the call was given up')
    const over = new AbortController()
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        over.abort()
        reject(error)
      }
      signal.addEventListener('abort', () => {
        fail(givenUp())
      })
      this.#carry(from, to, () => {
        const end = this.#ends.get(to)
        const handler = end?.streams.get(method)
        if (end === undefined || handler === undefined) {
          fail(end === undefined ? unreachable(to, false, new Error('nobody is there')) : unknownMethod(method))
          return
        }
        end.closed.signal.addEventListener('abort', () => {
          fail(unreachable(to, true, new Error('the connection ended')))
        })
        const deliver = (run: () => void): void => {
          this.#carry(to, from, () => {
            if (!over.signal.aborted) run()
          })
        }
        const send = (json: string): boolean => {
          deliver(() => {
            on(JSON.parse(json))
          })
          return true
        }
        const sink = {
          send: (value: unknown) => send(JSON.stringify(value)),
          sendLine: (line: Uint8Array) => send(Buffer.from(line).toString()),
          drained: () => Promise.resolve(),
        }
        handler(copy(body), { address: host(from), aborted: over.signal }, sink).then(
          () => {
            deliver(resolve)
          },
          (error: unknown) => {
            deliver(() => {
              fail(overTheWire(error))
            })
          },
        )
      })
    })
  }

  /** Lets a message travel; one on a link that is cut is lost. */
  #carry(from: string, to: string, arrive: () => void): void {
    if (!this.connects(host(from), host(to))) return
    this.#clock.after(this.delay, () => {
      if (this.connects(host(from), host(to))) arrive()
    })
  }
}

const link = (one: string, other: string): string => [one, other].sort().join(' ')
const host = (address: string): string => address.slice(0, address.lastIndexOf(':'))
const copy = (value: unknown): unknown =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown)
const givenUp = (): MusterError => new MusterError('CLUSTER_ABORTED', 'the call was given up')

const unknownMethod = (method: string): MusterError =>
  new MusterError('CLUSTER_UNKNOWN_METHOD', `there is no method "${method}"`, { status: 404 })

/** An error as the caller gets it: what is no MusterError loses all but its text. */
function overTheWire(error: unknown): MusterError {
  const { status, bytes } = encodeError(error)
  return decodeError(status, bytes.toString())
}
