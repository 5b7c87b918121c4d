import type { Caller } from './caller.js'
import type { Keyspace } from './keyspace.js'
import { compareResult, compareTarget } from './etcd-messages.js'
import type { Compare } from './etcd-messages.js'
import { methods } from './methods.js'

/**
 * Every group is written on condition that the store's fence has the version it had when the group set out. Raising the
 * fence therefore ends all that are still on their way: once it is up, they were applied before or never will be.
 */
export class Fence {
  /** The version that groups set out with. An etcd that was never asked has none. */
  version = 0
  /** Where it was raised last. */
  revision = 0
  readonly #caller: Caller
  readonly #key: Buffer
  #raising: Promise<void> | undefined

  constructor(caller: Caller, keys: Keyspace, instance: string) {
    this.#caller = caller
    this.#key = keys.note(`fence/${instance}`)
  }

  /** The condition of a group that sets out now. */
  condition(): Compare {
    return { result: compareResult.equal, target: compareTarget.version, key: this.#key, version: this.version }
  }

  /** Raises the fence, once for all who ask meanwhile, and resolves when it is up. */
  raise(): Promise<void> {
    return (this.#raising ??= this.#put().finally(() => {
      this.#raising = undefined
    }))
  }

  /** Learns the version again, after a group was stopped by a fence that was raised without our hearing of it. */
  async learn(): Promise<void> {
    const { kvs } = await this.#caller.ask(methods.range, { key: this.#key })
    this.version = kvs[0]?.version ?? 0
  }

  async #put(): Promise<void> {
    const { header, responses } = await this.#caller.ask(methods.txn, {
      compare: [],
      success: [{ requestPut: { key: this.#key, value: Buffer.alloc(0) } }, { requestRange: { key: this.#key } }],
    })
    this.version = responses[1]?.responseRange?.kvs[0]?.version ?? this.version
    this.revision = header.revision
  }
}
