import type { Session } from 'node:inspector'
import { MusterError } from '../common/errors.js'

/**
 * What can be looked at: where time goes, where memory that is still held was taken, and what the engine does in which
 * order.
 */
export type ProfileKind = 'cpu' | 'heap' | 'trace'

/** How each is asked of V8's inspector. Samples of 1 ms, and one in 32 KiB of memory, cost some percent of the time. */
const sampled = {
  cpu: { domain: 'Profiler', begin: 'Profiler.start', end: 'Profiler.stop', options: undefined },
  heap: {
    domain: 'HeapProfiler',
    begin: 'HeapProfiler.startSampling',
    end: 'HeapProfiler.stopSampling',
    options: { samplingInterval: 32 * 1024 },
  },
} as const

const running = new Set<ProfileKind>()

/**
 * Profiles this process until `until` settles, and resolves with what V8 found: JSON of a `.cpuprofile`, a
 * `.heapprofile` or a trace, which the developer tools of browsers open.
 * @throws MusterError PROFILE_BUSY while another one of the kind is taken: they would be the same one
 */
export async function takeProfile(kind: ProfileKind, until: () => Promise<void>): Promise<unknown> {
  if (running.has(kind))
    throw new MusterError('PROFILE_BUSY', `a ${kind} profile is being taken already`, {
      status: 409,
      hint: 'ask again when it has ended',
    })
  running.add(kind)
  try {
    // Loaded with the first profile, which most agents never see.
    const { Session } = await import('node:inspector')
    const session = new Session()
    session.connect()
    try {
      if (kind === 'trace') return await takeTrace(session, until)
      const { domain, begin, end, options } = sampled[kind]
      await post(session, `${domain}.enable`)
      await post(session, begin, options)
      await until()
      return ((await post(session, end)) as { readonly profile: unknown }).profile
    } finally {
      session.disconnect()
    }
  } finally {
    running.delete(kind)
  }
}

/** Events kept of a trace; a minute of a busy agent has some ten thousand. */
const maxEvents = 200_000

/** What V8 and Node.js did, as events with times: collections of memory, compiling, turns of the event loop. */
async function takeTrace(session: Session, until: () => Promise<void>): Promise<unknown> {
  const traceEvents: unknown[] = []
  let leftOut = 0
  session.on('NodeTracing.dataCollected', ({ params: { value } }) => {
    for (const event of value) {
      if (traceEvents.length < maxEvents) traceEvents.push(event)
      else leftOut++
    }
  })
  const complete = new Promise<void>(resolve => {
    session.once('NodeTracing.tracingComplete', () => {
      resolve()
    })
  })
  await post(session, 'NodeTracing.start', {
    traceConfig: { includedCategories: ['v8', 'node.perf', 'node.environment'] },
  })
  await until()
  await post(session, 'NodeTracing.stop')
  await complete
  return { traceEvents, otherData: { leftOut } }
}

/**
 * What keeps the process busy or waiting, one kind a line with its number: sockets, timers, requests of the file
 * system.
 */
export function activeResources(): string {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const lines = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}\n`)
  return `active resources of Node.js: total ${[...counts.values()].reduce((sum, count) => sum + count, 0)}\n${lines.join('')}`
}

const post = (session: Session, method: string, parameters: object = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => {
      if (error === null) resolve(result)
      else reject(new Error(`${method}: ${error.message}`))
    })
  })
