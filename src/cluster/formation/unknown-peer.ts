import { MusterError } from '../../common/errors.js'

/** What an operator is told who names a server that there is not. @param what `id "x"` or `address "x"` */
export const unknownPeer = (what: string): MusterError =>
  new MusterError('CLUSTER_UNKNOWN_PEER', `${what} was not found in the Raft configuration`, {
    hint: '"muster operator raft list-peers" shows the servers',
  })
