import { MusterError } from '../../common/errors.js'
import type { Command } from '../api.js'
import { drafted } from './draft.js'

/** Body of `PUT /v1/catalog/deregister`. */
export interface DeregisterRequest {
  readonly node: string
  readonly serviceId?: string
  readonly checkId?: string
}

/**
 * Removes a service with its checks, or else a check, or else the whole node. Nothing there is fine too; the result
 * tells how many entries went. Refused without a node (DEREGISTER_INVALID).
 */
export const deregister = ({
  node,
  serviceId = '',
  checkId = '',
}: DeregisterRequest): Command<{ readonly writes: number }> =>
  drafted(draft => {
    if (node === '') throw new MusterError('DEREGISTER_INVALID', 'Must provide node')
    if (serviceId !== '') {
      const service = draft.state.services.get(node, serviceId)
      if (service !== undefined) draft.deleteService(service)
    } else if (checkId !== '') {
      const check = draft.state.checks.get(node, checkId)
      if (check !== undefined) draft.deleteCheck(check)
    } else {
      const found = draft.nodeNamed(node)
      if (found === undefined) draft.deleteContents(node)
      else draft.deleteNode(found)
    }
    return { writes: draft.size }
  })
