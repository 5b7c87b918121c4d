import { errorCode, errorMessage } from '../common/errors.js'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
  ENOENT: 'connect: no such file or directory',
  EACCES: 'connect: permission denied',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'temporary failure in name resolution',
}

/**
 * Why a connection could not be made or broke, in the words that operators know from Go programs: `connect: connection
 * refused`.
 */
export function networkReason(error: unknown): string {
  // Where a name has several addresses, Node tries each and reports them together.
  const last: unknown = error instanceof AggregateError ? error.errors.at(-1) : error
  return reasons[errorCode(last) ?? ''] ?? errorMessage(last)
}

/** `dial tcp 127.0.0.1:81: connect: connection refused`, the output of a check that could not reach its target. */
export const dialError = (network: 'tcp' | 'udp', address: string, error: unknown): string =>
  `dial ${network} ${address}: ${networkReason(error)}`
