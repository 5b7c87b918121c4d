import { MusterError, errorCode, errorMessage } from '../common/errors.js'

/**
 * There was no answer. Its cause is a MusterError that says how far the call came: CLUSTER_NOT_SENT, nothing was done
 * there; CLUSTER_NO_ANSWER, whether it was done is not known.
 */
export function unreachable(address: string, sent: boolean, reason: unknown): MusterError {
  const why = errorCode(reason) ?? errorMessage(reason)
  return new MusterError(
    'CLUSTER_UNREACHABLE',
    sent ? `${address} did not answer: ${why}` : `cannot reach ${address}: ${why}`,
    {
      hint: sent
        ? 'whether it was done there is not known'
        : 'is an agent running there, and may this one reach its cluster port?',
      cause: new MusterError(sent ? 'CLUSTER_NO_ANSWER' : 'CLUSTER_NOT_SENT', errorMessage(reason), { cause: reason }),
    },
  )
}

/** Whether a failed call certainly did nothing, so that another server may be asked the same. */
export function wasNotSent(thrown: unknown): boolean {
  return isUnreachable(thrown) && thrown.cause instanceof MusterError && thrown.cause.code === 'CLUSTER_NOT_SENT'
}

/** Whether there was no answer at all. */
export const isUnreachable = (thrown: unknown): thrown is MusterError =>
  thrown instanceof MusterError && thrown.code === 'CLUSTER_UNREACHABLE'
