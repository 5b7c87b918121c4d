import type { EffectParts } from './effect-parts.js'
import { jobEffects } from './jobs.js'
import type { Effects } from './runner.js'
import { stepEffects } from './steps.js'

/** How each action of the table is carried out. */
export function formationEffects(parts: EffectParts): Effects {
  const stop = { begun: Promise.resolve() }
  return { steps: stepEffects(parts, stop), jobs: jobEffects(parts, stop) }
}
