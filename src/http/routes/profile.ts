import { MusterError } from '../../common/errors.js'
import { empty, type Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import { activeResources, takeProfile, type ProfileKind } from '../../telemetry/index.js'
import type { ApiRequest, Route } from '../route.js'

/** Seconds: how long each is taken unless asked otherwise, and at most. */
const usually = { cpu: 30, heap: 10, trace: 1 } as const
const maxSeconds = 300

/**
 * `/debug/pprof/*`: profiles of this process, where `enable_debug` has them. They are V8's, not Go's; `consul debug`
 * puts them in its bundle as they are.
 */
export const profileRoutes = (deps: Deps): readonly Route[] => [
  { path: '/debug/pprof/profile', reach: 'local', whileNotReady: true, GET: request => profile(deps, request, 'cpu') },
  { path: '/debug/pprof/heap', reach: 'local', whileNotReady: true, GET: request => profile(deps, request, 'heap') },
  { path: '/debug/pprof/trace', reach: 'local', whileNotReady: true, GET: request => profile(deps, request, 'trace') },
  { path: '/debug/pprof/goroutine', reach: 'local', whileNotReady: true, GET: () => resources(deps) },
]

function requireDebug({ settings }: Deps): void {
  if (settings().enableDebug) return
  throw new MusterError('HTTP_NO_PROFILES', 'this agent has no profiles', {
    status: 404,
    hint: 'set "enable_debug": true and reload it',
  })
}

/** Node has no goroutines; their counterpart is the list of active resources. */
function resources(deps: Deps): Promise<Answer> {
  requireDebug(deps)
  return Promise.resolve({
    kind: 'bytes',
    bytes: Buffer.from(activeResources()),
    type: 'text/plain; charset=utf-8',
    status: 200,
    headers: [],
  })
}

async function profile(deps: Deps, { query, gone }: ApiRequest, kind: ProfileKind): Promise<Answer> {
  requireDebug(deps)
  const { clock } = deps
  const seconds = readSeconds(query.first('seconds'), usually[kind])
  const signal = gone()
  const found = await takeProfile(
    kind,
    () =>
      new Promise<void>(resolve => {
        const done = (): void => {
          timer.cancel()
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = clock.after(seconds * 1000, done)
        signal.addEventListener('abort', done)
        if (signal.aborted) done()
      }),
  )
  if (signal.aborted) return empty(503)
  return {
    kind: 'bytes',
    bytes: Buffer.from(JSON.stringify(found)),
    type: 'application/json',
    status: 200,
    headers: [
      'Content-Disposition',
      `attachment; filename="muster.${kind === 'trace' ? 'trace.json' : `${kind}profile`}"`,
    ],
  }
}

function readSeconds(text: string, otherwise: number): number {
  if (text === '') return otherwise
  const seconds = Number(text)
  if (/^\d+$/.test(text) && seconds >= 1 && seconds <= maxSeconds) return seconds
  throw new MusterError('HTTP_PARAMETER', `Invalid seconds: "${text}" is not a whole number from 1 to ${maxSeconds}`, {
    status: 400,
  })
}
