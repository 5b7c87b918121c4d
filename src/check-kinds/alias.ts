import { isText } from '../common/accepts.js'
import { durationOf } from '../common/read-duration.js'
import type { KindOf } from './kind.js'

/** What a check of the kind `alias` does. */
export interface AliasOptions {
  readonly type: 'alias'
  /** '' for the node as a whole. */
  readonly service: string
  /** '' for this node. */
  readonly node: string
}

/** Mirrors the health of a service, of a node, or of a service there. */
export const alias: KindOf<AliasOptions> = {
  name: 'alias',
  targets: ['alias_service', 'alias_node'],
  keys: {
    alias_service: { value: 'text', description: 'Mirror the health of this service.', api: ['AliasService'] },
    alias_node: {
      value: 'text',
      description: 'Mirror the health of this node, or of `alias_service` there.',
      api: ['AliasNode'],
    },
  },
  polled: false,
  judge(written, findings) {
    if (durationOf(written.interval) === undefined) return
    findings.warning(
      ['interval'],
      'no-effect',
      'interval has no effect: an alias check follows what it mirrors at once',
    )
  },
  options: written => ({ type: 'alias', service: written.alias_service ?? '', node: written.alias_node ?? '' }),
  kept: { service: isText, node: isText },
}
