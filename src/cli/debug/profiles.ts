import { MusterError, errorMessage } from '../../common/errors.js'
import type { TarFile } from '../../snapshot/index.js'
import { unexpected, type Client } from '../client.js'

/** Seconds that an agent takes a profile for, at most. */
const maxSeconds = 300

const kinds = [
  ['/debug/pprof/profile', 'profile.cpuprofile'],
  ['/debug/pprof/heap', 'heap.heapprofile'],
] as const

/**
 * Profiles of an agent's time and memory, taken at once over `ms`. Undefined when it has none (`enable_debug`); one
 * that cannot be had for another reason is told of with `warn` and left out.
 */
export async function profiles(
  client: Client,
  ms: number,
  warn: (text: string) => void,
  signal: AbortSignal,
): Promise<readonly TarFile[] | undefined> {
  const seconds = Math.min(Math.floor(ms / 1000), maxSeconds)
  if (seconds < 1) return []
  let none = false
  const taken = await Promise.all(
    kinds.map(async ([path, name]): Promise<readonly TarFile[]> => {
      try {
        const answer = await client.request('GET', path, { seconds: String(seconds) }, undefined, signal)
        if (answer.status === 200) return [{ name, data: Buffer.from(answer.body) }]
        if (answer.status !== 404) throw unexpected(answer)
        none = true
      } catch (error) {
        if (!(error instanceof MusterError)) throw error
        if (!signal.aborted) warn(`${name}: ${errorMessage(error)}`)
      }
      return []
    }),
  )
  if (none) warn('pprof: left out, the agent takes profiles only with "enable_debug": true')
  return none ? undefined : taken.flat()
}
