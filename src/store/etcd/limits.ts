import type { MusterError } from '../../common/errors.js'
import type { Caller } from './caller.js'
import { isTooManyOperations, tooLarge } from './failures.js'
import type { Keyspace } from './keyspace.js'
import { compareResult, compareTarget } from './etcd-messages.js'
import { methods } from './methods.js'

/**
 * What a group may hold: enough to make the way to the disk worth while, not so much that those behind wait long. The
 * bytes count twice, as etcd keeps its last 5,000 entries in memory, whatever they hold.
 */
const maxOperations = 2048
const maxBytes = 64 * 1024

/** The operations that any etcd takes, and what it takes unless it is told otherwise. */
const leastOperations = 8
const usualBytes = '--max-request-bytes: just under 10 MiB for those that servers run, else 1.5 MiB unless set'

/**
 * How much etcd takes in one transaction. An own one is set up to take what is needed; someone else's tells only by
 * refusing, so what it refuses teaches where its limit is.
 */
export class Limits {
  operations = maxOperations
  bytes = maxBytes
  readonly #caller: Caller
  readonly #keys: Keyspace
  #probed = false

  constructor(caller: Caller, keys: Keyspace) {
    this.#caller = caller
    this.#keys = keys
  }

  /** Finds out the limit of operations by asking for ever different numbers of conditions, which changes nothing. */
  async learnOperations(refused: number): Promise<void> {
    if (this.#probed) {
      this.operations = Math.min(this.operations, Math.max(leastOperations, refused - 1))
      return
    }
    this.#probed = true
    let [taken, above] = [leastOperations, refused]
    while (taken + 1 < above) {
      const middle = (taken + above) >>> 1
      if (await this.#takes(middle)) taken = middle
      else above = middle
    }
    this.operations = Math.min(this.operations, taken)
    this.#caller.report({
      kind: 'limit',
      message: `etcd takes ${taken} operations in one transaction`,
      hint: 'larger ones are faster: start etcd with --max-txn-ops=10000',
    })
  }

  /** A group of so many bytes was refused. */
  learnBytes(refused: number): void {
    this.bytes = Math.min(this.bytes, Math.floor(refused / 2))
  }

  tooManyOperations(count: number, cause: unknown): MusterError {
    return tooLarge(
      `a transaction of ${count} operations is`,
      `--max-txn-ops, here ${this.operations}`,
      'split it, or start etcd with a higher --max-txn-ops',
      cause,
    )
  }

  tooManyBytes(count: number, cause: unknown): MusterError {
    return tooLarge(
      `a transaction of about ${count} bytes is`,
      usualBytes,
      'split it; an etcd of your own may be started with a higher --max-request-bytes',
      cause,
    )
  }

  async #takes(count: number): Promise<boolean> {
    const one = {
      result: compareResult.equal,
      target: compareTarget.version,
      key: this.#keys.note('limit'),
      version: 0,
    }
    try {
      await this.#caller.ask(
        methods.txn,
        { compare: Array.from({ length: count }, () => one), success: [] },
        {
          refuse: fault => {
            throw fault
          },
        },
      )
      return true
    } catch (fault) {
      if (isTooManyOperations(fault)) return false
      throw fault
    }
  }
}
