import { MusterError } from '../../common/errors.js'

/** The error for an operator who names an unknown server. @param what `id "x"` or `address "x"` */
export const unknownPeer = (what: string): MusterError =>
  new MusterError('CLUSTER_UNKNOWN_PEER', `${what} was not found in the Raft configuration`, {
    hint: '"muster operator raft list-peers" shows the servers',
  })
