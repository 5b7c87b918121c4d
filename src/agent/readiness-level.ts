import type { Readiness } from './api.js'

/** How far an agent has come, each including the one before. */
export const readinessLevels = ['started', 'serving', 'writable'] as const
/**
 * `started`: it listens and knows what it runs itself, which is what service managers wait for. `serving`: DNS and
 * `?stale` reads answer. `writable`: a registration would be answered.
 */
export type ReadinessLevel = (typeof readinessLevels)[number]

/** Whether a text names a level. */
export const isReadinessLevel = (text: string): text is ReadinessLevel => readinessLevels.some(level => level === text)

/** What the level is decided from. */
export interface ReadinessFacts {
  readonly agent: Readiness
  /** Whether the catalog is in this process alone, and answers nothing before the agent's own entries are in it. */
  readonly alone: boolean
  readonly loaded: boolean
  /**
   * Whether writes can succeed: depends on the agent's own store, the majority of the servers, or the server it uses.
   */
  readonly standing:
    | { readonly writable: true }
    | { readonly writable: false; readonly serving: boolean; readonly reason: string; readonly hint: string }
}

/** Yes, or in one sentence why not, and what to do about it. */
export type LevelAnswer =
  { readonly ready: true } | { readonly ready: false; readonly reason: string; readonly hint: string }

/** Whether an agent has come as far as a level. */
export function readyAt(level: ReadinessLevel, { agent, alone, loaded, standing }: ReadinessFacts): LevelAnswer {
  const restored = agent.ready || agent.restored === true
  if (!restored) return no(agent.reason, 'wait for it, for example with "muster ready -wait=30s"')
  if (level === 'started') return { ready: true }
  // The leader check gives the most precise reason for a missing catalog.
  if (!standing.writable && (level === 'writable' || !standing.serving)) return no(standing.reason, standing.hint)
  if (!loaded) return no('the catalog is being loaded', 'wait for it')
  if (!agent.ready && (alone || level === 'writable'))
    return no(agent.reason, 'wait for it; the log says what holds it up')
  return { ready: true }
}

const no = (reason: string, hint: string): LevelAnswer => ({ ready: false, reason, hint })
