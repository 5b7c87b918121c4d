import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../common/clock.js'
import { MusterError } from '../common/errors.js'
import { Pools, type Exchange, type Lane, type UnderWay } from './pools.js'
import { checkProtocol, decodeError, headers, methodPath, protocolRange } from './protocol.js'
import { proxy } from './proxy.js'
import { readLines } from './read-lines.js'
import type { ApiAnswer, CallOptions, OwnRequest, ProxyOptions, RpcClient } from './types.js'
import { unreachable } from './unreachable.js'

/** What calls are made with. */
export interface RpcClientOptions {
  readonly clock: Clock
}

const defaultTimeout = 5000
/** Calls that may take longer than this have connections of their own. */
const longFrom = 10_000
/** The largest answer of a call: a node's tens of thousands of entries. */
const maxAnswerSize = 64 * 1024 * 1024

/** Connections to other agents, made as they are needed. */
export const createRpcClient = (options: RpcClientOptions): RpcClient => new Calls(options.clock)

interface Asked {
  readonly address: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: string | Buffer | undefined
  readonly headers?: readonly string[]
  readonly lane: Lane
  /** ms; 0: as long as it takes. */
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

interface Answered {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: string
}

class Calls implements RpcClient {
  readonly #pools: Pools
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
    this.#pools = new Pools(clock)
  }

  async call(
    address: string,
    method: string,
    body: unknown,
    { signal, timeout = defaultTimeout }: CallOptions = {},
  ): Promise<unknown> {
    const answer = await this.#ask({
      address,
      method: 'POST',
      path: methodPath + method,
      body: body === undefined ? '' : JSON.stringify(body),
      headers: ['content-type', 'application/json'],
      lane: timeout === 0 || timeout > longFrom ? 'long' : 'short',
      timeout,
      signal,
    })
    checkProtocol(answer.header(headers.protocol), `what answers at ${address}`)
    if (answer.status >= 300) throw decodeError(answer.status, answer.body)
    return answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown)
  }

  proxy(
    address: string,
    request: IncomingMessage,
    response: ServerResponse,
    options: ProxyOptions = {},
  ): Promise<boolean> {
    return proxy(this.#pools, address, request, response, options)
  }

  async ask(address: string, { method, target, body }: OwnRequest, signal: AbortSignal): Promise<ApiAnswer> {
    const answer = await this.#ask({
      address,
      method,
      path: target,
      body,
      headers: [headers.hops, '1'],
      lane: 'long',
      timeout: 0,
      signal,
    })
    checkProtocol(answer.header(headers.protocol), `what answers at ${address}`)
    return { status: answer.status, index: answer.header('x-consul-index') ?? '', body: answer.body }
  }

  stream(
    address: string,
    method: string,
    body: unknown,
    on: (value: unknown) => void,
    signal: AbortSignal,
  ): Promise<void> {
    return readLines(
      this.#pools,
      address,
      {
        method: 'POST',
        path: methodPath + method,
        headers: [headers.protocol, protocolRange],
        body: JSON.stringify(body),
      },
      on,
      signal,
    )
  }

  close(): void {
    this.#pools.close()
  }

  #ask({ address, method, path, body, headers: more = [], lane, timeout, signal }: Asked): Promise<Answered> {
    return new Promise((resolve, reject) => {
      let underWay: UnderWay | undefined
      let over = false
      const finish = (settle: () => void): void => {
        if (over) return
        over = true
        timer?.cancel()
        signal?.removeEventListener('abort', leave)
        settle()
      }
      const stop = (error: Error): void => {
        finish(() => {
          reject(error)
        })
        underWay?.cut()
      }
      const leave = (): void => {
        stop(new MusterError('CLUSTER_ABORTED', 'the call was given up'))
      }
      const timer =
        timeout === 0
          ? undefined
          : this.#clock.after(timeout, () => {
              stop(unreachable(address, underWay?.started === true, new Error(`no answer within ${timeout} ms`)))
            })
      if (signal?.aborted === true) {
        leave()
        return
      }
      signal?.addEventListener('abort', leave)
      const exchange = new Collect(
        answer => {
          finish(() => {
            resolve(answer)
          })
        },
        (error, wasSent) => {
          stop(
            error instanceof MusterError && error.code === 'CLUSTER_TOO_LARGE'
              ? error
              : unreachable(address, wasSent, error),
          )
        },
      )
      void this.#pools
        .send(
          address,
          lane,
          { method, path, headers: [headers.protocol, protocolRange, ...more], body: body ?? null },
          exchange,
        )
        .then(started => {
          underWay = started
          if (over) started.cut()
        })
    })
  }
}

/** Collects a whole answer. */
class Collect implements Exchange {
  readonly #done: (answer: Answered) => void
  readonly #failed: (error: Error, sent: boolean) => void
  readonly #chunks: Buffer[] = []
  #size = 0
  #status = 0
  #headers: readonly string[] = []

  constructor(done: (answer: Answered) => void, failed: (error: Error, sent: boolean) => void) {
    this.#done = done
    this.#failed = failed
  }

  head(status: number, rawHeaders: readonly string[]): void {
    this.#status = status
    this.#headers = rawHeaders
  }

  data(chunk: Buffer): void {
    this.#size += chunk.length
    if (this.#size <= maxAnswerSize) this.#chunks.push(chunk)
    else this.#failed(new MusterError('CLUSTER_TOO_LARGE', `the answer is larger than ${maxAnswerSize} bytes`), true)
  }

  end(): void {
    const header = (name: string): string | undefined => {
      const at = this.#headers.findIndex((one, i) => i % 2 === 0 && one.toLowerCase() === name)
      return at < 0 ? undefined : this.#headers[at + 1]
    }
    this.#done({ status: this.#status, header, body: Buffer.concat(this.#chunks).toString() })
  }

  failed(error: Error, sent: boolean): void {
    this.#failed(error, sent)
  }
}
