import { MusterError } from '../common/errors.js'

/** The store was closed, or is closing. */
export const storeClosed = (): MusterError =>
  new MusterError('STORE_CLOSED', 'the store is closed', {
    status: 503,
    hint: 'the agent is stopping; ask another server',
  })

/** The lease ended (it was revoked, or not kept alive in time) before this call. */
export const leaseLost = (id: string): MusterError =>
  new MusterError('STORE_LEASE_LOST', `lease ${id} has ended`, { hint: 'ask for a new lease and write its keys again' })

/** The caller broke a rule of the contract; nothing was applied. */
export const invalid = (message: string): MusterError => new MusterError('STORE_INVALID', message)

/** A watch asked for changes from before everything the store remembers, deletions included. */
export const compacted = (after: number, oldest: number): MusterError =>
  new MusterError(
    'STORE_COMPACTED',
    `changes after revision ${after} are no longer known, only those after ${oldest}`,
    {
      hint: 'load, then watch from the revision of what was loaded',
    },
  )
