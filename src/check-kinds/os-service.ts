import { isText } from '../common/accepts.js'
import type { KindOf, Timed } from './kind.js'
import { timed, timedKept } from './options.js'

/** What a check of the kind `os_service` does. */
export interface OsServiceOptions extends Timed {
  readonly type: 'os_service'
  readonly service: string
}

/** Asks the operating system about one of its services. */
export const osService: KindOf<OsServiceOptions> = {
  name: 'os_service',
  targets: ['os_service'],
  keys: {
    os_service: {
      value: 'text',
      description: 'Check of a service of the operating system (systemd): its name.',
      api: ['OSService'],
    },
  },
  polled: true,
  options: written => ({ type: 'os_service', service: written.os_service ?? '', ...timed(written) }),
  kept: { service: isText, ...timedKept },
}
