import { MusterError } from '../../common/errors.js'
import type { Condition, Revision } from '../../store/index.js'
import type { CatalogReads, CatalogWrites, Command } from '../api.js'
import { Draft } from '../commands/draft.js'
import { WriteSet } from '../commands/write-set.js'
import { runCheckOp, runNodeOp, runServiceOp } from './catalog-verbs.js'
import { kvWriteVerbs, runKvOp } from './kv-verbs.js'
import type { After } from './kv-verbs.js'
import { Overlay, pending } from './overlay.js'
import type { TxnError, TxnOp, TxnOutcome, TxnResult } from './types.js'

/** Whether an operation may write; verbs that nobody knows count as Consul counts them. */
export const isWriteOp = (op: TxnOp): boolean => (op.kind === 'kv' ? kvWriteVerbs.has(op.verb) : op.verb !== 'get')

/**
 * The operations, one after the other, each seeing what those before it wrote, committed as one transaction or not at
 * all. Results with revision {@link pending} were written by it.
 */
const transaction =
  (ops: readonly TxnOp[]): Command<TxnOutcome> =>
  state => {
    const overlay = new Overlay(state)
    const when = new Map<string, Condition>()
    const then = new WriteSet(state.revision)
    const results: TxnResult[] = []
    const errors: TxnError[] = []
    for (const [opIndex, op] of ops.entries()) {
      const draft = new Draft(overlay)
      try {
        const after = run(draft, op)
        const { parts } = draft
        // A key that an earlier operation wrote is covered by the conditions of that operation.
        for (const condition of parts.when) {
          const about = condition.test === 'quiet' ? `quiet ${condition.from}` : condition.key
          if ((condition.test === 'quiet' || !then.has(condition.key)) && !when.has(about)) when.set(about, condition)
        }
        for (const write of parts.then) then.add(write)
        overlay.adopt(parts.then)
        results.push(...after(overlay))
      } catch (error) {
        if (!(error instanceof MusterError)) throw error
        errors.push({ opIndex, what: error.message })
      }
    }
    if (errors.length > 0) return { when: [], then: [], result: { errors } }
    return { when: then.isEmpty ? [] : [...when.values(), ...then.conditions], then: then.list(), result: { results } }
  }

/** Runs a transaction. What it wrote is shown with the revision that it got. @throws MusterError of the store */
export async function runTransaction(catalog: CatalogWrites, ops: readonly TxnOp[]): Promise<TxnOutcome> {
  const { result, revision } = await catalog.execute(transaction(ops))
  return 'errors' in result ? result : { results: result.results.map(one => settled(one, revision)) }
}

/** Answers a transaction that only reads, from the state as it is. @throws TypeError for one that writes */
export function readTransaction(state: CatalogReads, ops: readonly TxnOp[]): TxnOutcome {
  if (ops.some(isWriteOp)) throw new TypeError('a transaction that writes is to be run')
  const plan = transaction(ops)(state)
  return 'refusal' in plan ? { errors: [{ opIndex: 0, what: plan.refusal.message }] } : plan.result
}

function run(draft: Draft, op: TxnOp): After {
  switch (op.kind) {
    case 'kv':
      return runKvOp(draft, op)
    case 'node':
      return runNodeOp(draft, op)
    case 'service':
      return runServiceOp(draft, op)
    case 'check':
      return runCheckOp(draft, op)
  }
}

function settled<Result extends TxnResult>(result: Result, revision: Revision): Result {
  const { created, modified } = result.entry
  if (created !== pending && modified !== pending) return result
  return {
    ...result,
    entry: {
      ...result.entry,
      created: created === pending ? revision : created,
      modified: modified === pending ? revision : modified,
    },
  }
}
