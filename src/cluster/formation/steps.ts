import { MusterError, errorMessage } from '../../common/errors.js'
import { Repeats } from '../../telemetry/index.js'
import type { EffectParts } from './effect-parts.js'
import type { MemberLife } from './member-life.js'
import { deleteRecoveryFile } from './recover-cluster.js'
import type { Effects } from './runner.js'

type Steps = Effects['steps']
type LogSteps = Pick<Steps, 'log' | 'log-failure' | 'forget-failures'>
type RecordSteps = Pick<
  Steps,
  'record' | 'record-membership' | 'reset-search' | 'delete-recovery-file' | 'tell-addresses' | 'finish-import'
>
type EndSteps = Pick<Steps, 'open-store' | 'refuse-store' | 'abort' | 'begin-stop' | 'answer'>

/** How each step of the table is carried out. `stop` is told when etcd begins to stop. */
export const stepEffects = (parts: EffectParts, stop: { begun: Promise<void> }): Steps => ({
  ...logSteps(parts.life),
  ...recordSteps(parts),
  ...endSteps(parts, stop),
})

function logSteps({ log, clock }: MemberLife): LogSteps {
  const failures = new Repeats(log, clock)
  return {
    'log': ({ level, message, fields }) => {
      log[level](message, fields)
    },
    'log-failure': ({ phase, error }) => {
      failures.tell(
        'warn',
        'becoming or staying part of the cluster of servers failed, it is tried again',
        errorMessage(error),
        { phase, error: errorMessage(error), hint: error instanceof MusterError ? error.hint : undefined },
      )
    },
    'forget-failures': () => {
      failures.over()
    },
  }
}

function recordSteps({ life, search, tellAddresses }: EffectParts): RecordSteps {
  const { record, process, log, importDone } = life
  return {
    'record': ({ change }) => {
      record.set(change)
    },
    'record-membership': ({ cluster }) => {
      record.set({ cluster, peerUrl: process.peerUrl, entering: undefined, removed: undefined })
    },
    'reset-search': () => {
      search.begin()
    },
    'delete-recovery-file': () => {
      deleteRecoveryFile(life)
    },
    'tell-addresses': tellAddresses,
    'finish-import': () => {
      if (record.facts.founding.decided !== true) return
      void importDone?.().catch((error: unknown) => {
        log.error('the former store could not be moved aside', { error: errorMessage(error) })
      })
    },
  }
}

function endSteps({ life, group, store, waiting }: EffectParts, stop: { begun: Promise<void> }): EndSteps {
  const { member, process } = life
  return {
    'open-store': () => {
      store.open()
    },
    'refuse-store': () => {
      store.refuse()
    },
    'abort': () => {
      group.close()
    },
    'begin-stop': () => {
      member.stop()
      stop.begun = process.stop()
      // Avoid an unhandled rejection: the job that waits for etcd's end awaits this later.
      stop.begun.catch(() => undefined)
    },
    'answer': ({ to, error }) => {
      const waiter = waiting[to]
      if (error === undefined) waiter?.resolve(undefined)
      else waiter?.reject(error)
    },
  }
}
