import type { Session } from 'node:inspector'
import { MusterError } from '../common/errors.js'

/** What can be looked at: where time goes, and where memory that is still held was taken. */
export type ProfileKind = 'cpu' | 'heap'

/** How each is asked of V8's inspector. Samples of 1 ms, and one in 32 KiB of memory, cost some percent of the time. */
const kinds = {
  cpu: { domain: 'Profiler', begin: 'Profiler.start', end: 'Profiler.stop', options: undefined },
  heap: { domain: 'HeapProfiler', begin: 'HeapProfiler.startSampling', end: 'HeapProfiler.stopSampling', options: { samplingInterval: 32 * 1024 } },
} as const

const running = new Set<ProfileKind>()

/**
 * Profiles this process until `until` settles, and resolves with what V8 found: JSON of a `.cpuprofile` or a `.heapprofile`, which the developer tools of
 * browsers open.
 * @throws MusterError PROFILE_BUSY while another one of the kind is taken: they would be the same one
 */
export async function takeProfile(kind: ProfileKind, until: () => Promise<void>): Promise<unknown> {
  if (running.has(kind)) throw new MusterError('PROFILE_BUSY', `a ${kind} profile is being taken already`, { status: 409, hint: 'ask again when it has ended' })
  running.add(kind)
  try {
    // Loaded with the first profile, which most agents never see.
    const { Session } = await import('node:inspector')
    const session = new Session()
    session.connect()
    try {
      const { domain, begin, end, options } = kinds[kind]
      await post(session, `${domain}.enable`)
      await post(session, begin, options)
      await until()
      return (await post(session, end) as { readonly profile: unknown }).profile
    } finally {
      session.disconnect()
    }
  } finally {
    running.delete(kind)
  }
}

const post = (session: Session, method: string, parameters: object = {}): Promise<unknown> => new Promise((resolve, reject) => {
  session.post(method, parameters, (error, result) => {
    if (error === null) resolve(result)
    else reject(new Error(`${method}: ${error.message}`))
  })
})
