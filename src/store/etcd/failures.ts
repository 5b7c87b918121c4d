import { MusterError, errorMessage } from '../../common/errors.js'
import { GrpcFault, grpcCode } from './grpc/fault.js'

const codeOf = (fault: unknown): number | undefined => (fault instanceof GrpcFault ? fault.code : undefined)

/** What etcd (or gRPC) said, without gRPC's code in front. */
export function detailsOf(fault: unknown): string {
  const details = fault instanceof GrpcFault ? fault.details : errorMessage(fault)
  return details.replace(/^etcdserver: /, '')
}

/** The user's token is no longer known, or was never asked for. */
export const isAuthFault = (fault: unknown): boolean =>
  codeOf(fault) === grpcCode.unauthenticated
  || /invalid auth token|user name is empty|revision in header is old/.test(detailsOf(fault))

/** No member could be reached, or the member reported that nothing was applied. */
const wasNotSent = (fault: unknown): boolean => fault instanceof GrpcFault && !fault.sent

/** The connection broke, or nobody could be reached: another endpoint may do better. */
export const isConnectionFault = (fault: unknown): boolean =>
  codeOf(fault) === grpcCode.unavailable
  && !detailsOf(fault).startsWith('no leader')
  && !detailsOf(fault).includes('leader failure')

/** Etcd answered that it did nothing, for want of a leader or of time; the same may work a moment later. */
const refusedForNow =
  /^(no leader|not capable|rpc not supported for learner|too many requests|raft proposal dropped|auth: revision in header is old)|proposal dropped/

/** Whether a call that failed like this was certainly not applied, and may be made again. */
export const isUnappliedForNow = (fault: unknown): boolean => wasNotSent(fault) || refusedForNow.test(detailsOf(fault))

/** Whether nobody knows if a call that failed like this was applied. For reads: whether it may be made again. */
export const isUncertain = (fault: unknown): boolean => {
  const code = codeOf(fault)
  if (code === grpcCode.unavailable || code === grpcCode.deadline || code === grpcCode.cancelled) return true
  return (
    code === undefined
    || /request timed out|leader changed|server stopped/.test(detailsOf(fault))
    || code === grpcCode.unknown
    || code === grpcCode.internal
  )
}

/** The history that was asked for has been compacted away. */
export const isCompacted = (fault: unknown): boolean =>
  codeOf(fault) === grpcCode.outOfRange && detailsOf(fault).includes('compacted')

export const isLeaseGone = (fault: unknown): boolean =>
  codeOf(fault) === grpcCode.notFound && detailsOf(fault).includes('lease not found')

export const isNoSpace = (fault: unknown): boolean =>
  codeOf(fault) === grpcCode.exhausted && detailsOf(fault).includes('space exceeded')

export const isTooManyOperations = (fault: unknown): boolean => detailsOf(fault).includes('too many operations')

/** Above etcd's limit of a request, or of a message. */
export const isTooLarge = (fault: unknown): boolean =>
  detailsOf(fault).includes('request is too large')
  || (codeOf(fault) === grpcCode.exhausted && detailsOf(fault).includes('larger than max'))

/**
 * No quorum, or no reachable member, within the waiting time. The message is the one that Consul's clients recognise.
 */
export const noLeader = (cause: unknown): MusterError =>
  new MusterError('STORE_NO_LEADER', 'No cluster leader', {
    status: 500,
    cause,
    hint: `more than half of the servers must be up and able to reach each other; etcd says: ${detailsOf(cause)}`,
  })

/** The outcome of a write is unknown: it was on its way when its leader, or the connection, was lost. */
export const uncertain = (cause: unknown): MusterError =>
  new MusterError(
    'STORE_UNCERTAIN',
    `the leader was lost while this was being written (${detailsOf(cause)}); it may or may not have been applied`,
    { status: 500, cause, hint: 'read what it was to change before trying again' },
  )

/** A failure of {@link EtcdAdmin}: who could not be reached, who has no quorum, or what etcd refused and why. */
export function adminFailure(fault: unknown, endpoints: readonly string[]): MusterError {
  if (fault instanceof MusterError) return fault
  const details = detailsOf(fault)
  if (/no leader|request timed out|leader changed|proposal dropped/.test(details)) return noLeader(fault)
  const code = codeOf(fault)
  if (code === grpcCode.unavailable || code === grpcCode.deadline || code === grpcCode.cancelled) {
    const unhealthy = details.includes('unhealthy cluster')
    if (!unhealthy)
      return new MusterError('STORE_UNREACHABLE', `etcd at ${endpoints.join(', ')} does not answer: ${details}`, {
        status: 503,
        cause: fault,
      })
  }
  return new MusterError('STORE_REFUSED', `etcd refused: ${details}`, { cause: fault })
}

/** Etcd has raised its NOSPACE alarm, or is about to. */
export const noSpace = (cause: unknown): MusterError =>
  new MusterError('STORE_FULL', 'etcd takes no more writes: its database has reached its quota', {
    status: 503,
    cause,
    hint: noSpaceHint,
  })

export const noSpaceHint =
  'delete what is not needed, or raise the quota (store.etcd.quota): the etcd of a server makes room by itself then; one of your own wants to be '
  + 'compacted, defragmented and told so (etcdctl compact, defrag, alarm disarm)'

/** Anything else that etcd refused. */
export const refused = (fault: unknown): MusterError =>
  fault instanceof MusterError
    ? fault
    : new MusterError('STORE_FAILED', `etcd refused: ${detailsOf(fault)}`, {
        status: 503,
        cause: fault,
        ...(codeOf(fault) === grpcCode.denied || codeOf(fault) === grpcCode.unauthenticated || isAuthFault(fault)
          ? { hint: "the user must have a role that may read and write every key that begins with the store's prefix" }
          : {}),
      })

/** A transaction above what etcd takes in one. */
export const tooLarge = (what: string, limit: string, remedy: string, cause: unknown): MusterError =>
  new MusterError('STORE_TOO_LARGE', `${what}, more than etcd takes in one transaction (${limit})`, {
    status: 413,
    cause,
    hint: remedy,
  })
