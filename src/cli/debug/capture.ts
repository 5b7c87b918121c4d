import { MusterError, errorMessage } from '../../common/errors.js'
import { limitedSignal } from '../../common/limited-signal.js'
import type { TarFile } from '../../snapshot/index.js'
import { unexpected, type Client } from '../client.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'
import { profiles } from './profiles.js'

/** What a bundle is made of. */
export const targets = ['metrics', 'logs', 'pprof', 'host', 'agent', 'cluster'] as const
export type Target = (typeof targets)[number]

/** How long and how often. Milliseconds. */
export interface CapturePlan {
  readonly targets: readonly Target[]
  readonly duration: number
  readonly interval: number
}

/** Bytes of log lines that a bundle holds at most. */
const maxLog = 64 * 1024 * 1024

/** What is asked for once: target, path of the API, file of the bundle. */
const once: readonly (readonly [Target, string, string])[] = [
  ['agent', '/v1/agent/self', 'agent.json'],
  ['agent', '/v1/agent/config', 'config.json'],
  ['host', '/v1/agent/host', 'host.json'],
  ['cluster', '/v1/agent/members', 'members.json'],
  ['cluster', '/v1/agent/members?wan=1', 'members-wan.json'],
]

/**
 * Gathers facts about a running agent, none of them a secret: what the API answers anyway, figures in intervals, and
 * the log of that time. Ends early when `signal` is aborted. A part that cannot be had is told of with `warn` and left
 * out.
 */
export async function capture(
  client: Client,
  plan: CapturePlan,
  tell: { say(text: string): void; warn(text: string): void },
  signal: AbortSignal,
): Promise<readonly TarFile[]> {
  const files: TarFile[] = []
  const get = async (path: string, name: string): Promise<void> => {
    try {
      const answer = await client.request('GET', path, {}, undefined, signal)
      if (answer.status !== 200) throw unexpected(answer)
      files.push({ name, data: Buffer.from(answer.body) })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof MusterError)) throw error
      tell.warn(`${name}: ${errorMessage(error)}`)
    }
  }
  for (const [target, path, name] of once) if (plan.targets.includes(target)) await get(path, name)
  const { signal: over, release } = limitedSignal(signal, plan.duration)
  const end = performance.now() + plan.duration
  let profiled = plan.targets.includes('pprof')
  const logs = plan.targets.includes('logs') ? logOf(client, over, tell) : undefined
  for (let i = 0; !over.aborted; i++) {
    const at = String(Math.floor(Date.now() / 1000))
    tell.say(`==> Beginning capture interval ${at} (${i})`)
    if (plan.targets.includes('metrics')) await get('/v1/agent/metrics', `${at}/metrics.json`)
    if (!profiled && !plan.targets.some(target => target === 'metrics' || target === 'logs')) break
    const next = pause(commandClock, plan.interval, over)
    if (profiled) {
      const taken = await profiles(
        client,
        Math.min(plan.interval, end - performance.now()),
        text => {
          tell.warn(text)
        },
        signal,
      )
      profiled = taken !== undefined
      for (const { name, data } of taken ?? []) files.push({ name: `${at}/${name}`, data })
    }
    await next
  }
  if (logs !== undefined) files.push({ name: 'consul.log', data: await logs })
  release()
  return files
}

async function logOf(client: Client, over: AbortSignal, tell: { warn(text: string): void }): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    await client.stream(
      '/v1/agent/monitor',
      { loglevel: 'debug' },
      text => {
        const room = maxLog - size
        if (room <= 0) return
        const chunk = Buffer.from(text).subarray(0, room)
        chunks.push(chunk)
        size += chunk.length
        if (size >= maxLog) tell.warn(`consul.log: cut at ${maxLog} bytes`)
      },
      over,
    )
  } catch (error) {
    if (!(error instanceof MusterError)) throw error
    if (!over.aborted) tell.warn(`consul.log: ${errorMessage(error)}`)
  }
  return Buffer.concat(chunks)
}
