import { isNumber } from '../common/accepts.js'
import { durationOf } from '../common/read-duration.js'
import { judgeDuration } from './judge.js'
import type { KindOf } from './kind.js'

/** What a check of the kind `ttl` does. */
export interface TtlOptions {
  readonly type: 'ttl'
  readonly ttl: number
}

/** The application reports itself, at least once in `ttl` milliseconds. */
export const ttl: KindOf<TtlOptions> = {
  name: 'ttl',
  targets: ['ttl'],
  keys: {
    ttl: {
      value: 'duration',
      description: 'TTL check: the application must report within this time.',
      api: ['TTL'],
    },
  },
  polled: false,
  judge(written, findings) {
    const time = judgeDuration(written, 'ttl', findings)
    if (time !== undefined && time <= 0)
      findings.error(['ttl'], 'bad-duration', `ttl is ${written.ttl ?? ''}, it must be above 0`)
    if (durationOf(written.interval) !== undefined) {
      findings.error(
        ['interval'],
        'ttl-and-interval',
        'a ttl check has no interval: the application reports by itself',
        'remove interval, or say what to test instead of ttl',
      )
    }
  },
  options: written => ({ type: 'ttl', ttl: durationOf(written.ttl) ?? 0 }),
  kept: { ttl: isNumber },
}
