import { MusterError } from '../common/errors.js'
import type { Exchange, OutgoingRequest, Pools, UnderWay } from './pools.js'
import { decodeError, headers } from './protocol.js'
import { unreachable } from './unreachable.js'

/** The longest line, in characters: the largest service of a large cluster many times over. */
const maxLineLength = 64 * 1024 * 1024

/** Reads an answer of lines, see `write-lines.ts`. */
export function readLines(
  pools: Pools,
  address: string,
  request: OutgoingRequest,
  on: (value: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let underWay: UnderWay | undefined
    let over = false
    const finish = (error?: Error): void => {
      if (over) return
      over = true
      signal.removeEventListener('abort', leave)
      underWay?.cut()
      if (error === undefined) resolve()
      else reject(error)
    }
    const leave = (): void => {
      finish(new MusterError('CLUSTER_ABORTED', 'the call was given up'))
    }
    if (signal.aborted) {
      leave()
      return
    }
    signal.addEventListener('abort', leave)
    void pools
      .send(
        address,
        'long',
        request,
        new Lines(
          address,
          value => {
            if (!over) on(value)
          },
          finish,
        ),
      )
      .then(started => {
        underWay = started
        if (over) started.cut()
      })
  })
}

class Lines implements Exchange {
  readonly #address: string
  readonly #on: (value: unknown) => void
  readonly #finish: (error?: Error) => void
  readonly #decoder = new TextDecoder()
  #rest = ''
  #status = 0
  #fault: Error | undefined

  constructor(address: string, on: (value: unknown) => void, finish: (error?: Error) => void) {
    this.#address = address
    this.#on = on
    this.#finish = finish
  }

  head(status: number, rawHeaders: readonly string[]): void {
    this.#status = status
    if (!rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === headers.protocol)) {
      this.#finish(
        new MusterError('CLUSTER_PROTOCOL', `what answers at ${this.#address} does not speak muster's protocol`, {
          status: 400,
        }),
      )
    }
  }

  data(chunk: Buffer): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true })
    if (this.#status >= 300) return
    if (this.#rest.length > maxLineLength) {
      this.#finish(
        new MusterError('CLUSTER_TOO_LARGE', `a line of the answer is longer than ${maxLineLength} characters`),
      )
      return
    }
    const end = this.#rest.lastIndexOf('\n')
    if (end < 0) return
    const lines = this.#rest.slice(0, end).split('\n')
    this.#rest = this.#rest.slice(end + 1)
    try {
      for (const line of lines) this.#take(line)
    } catch (error) {
      this.#finish(new MusterError('CLUSTER_INTERNAL', `what ${this.#address} sent cannot be used`, { cause: error }))
    }
  }

  end(): void {
    if (this.#status >= 300) this.#finish(decodeError(this.#status, this.#rest))
    else if (this.#rest !== '') this.#finish(unreachable(this.#address, true, new Error('the answer broke off')))
    else this.#finish(this.#fault)
  }

  failed(error: Error, sent: boolean): void {
    this.#finish(unreachable(this.#address, sent, error))
  }

  #take(line: string): void {
    if (line === '') return
    if (line.startsWith('!')) this.#fault = decodeError(500, line.slice(1))
    else this.#on(JSON.parse(line))
  }
}
