import { MusterError, errorMessage } from '../../common/errors.js'
import type { Store } from '../../store/index.js'
import type { Logger } from '../../telemetry/index.js'
import { Deferred } from './deferred.js'

/** The store on the own etcd: opened once, when this server is first a voter. */
export class MemberStore {
  readonly #store = new Deferred<Store>()
  readonly #open: () => Promise<Store>
  readonly #log: Logger
  #opened = false

  constructor(open: () => Promise<Store>, log: Logger) {
    this.#open = open
    this.#log = log
  }

  get promise(): Promise<Store> {
    return this.#store.promise
  }

  open(): void {
    if (this.#opened) return
    this.#opened = true
    this.#open().then(
      store => {
        this.#store.resolve(store)
      },
      (error: unknown) => {
        this.#opened = false
        this.#log.error('cannot open the store on the own etcd', { error: errorMessage(error) })
        this.#store.reject(error)
      },
    )
  }

  /** Whoever waits for it waits no more. */
  refuse(): void {
    this.#store.reject(
      new MusterError('CLUSTER_CLOSED', 'the server stopped before it was part of a cluster', { status: 503 }),
    )
  }
}
