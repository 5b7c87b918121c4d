import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../common/plain-data.js'
import { settingsDifference, type NeedsRestart, type Origin, type Settings } from '../config/index.js'

/** What becomes of the running settings when the files say something else. */
export interface SettingsStep {
  /**
   * What the agent runs on from now on: the running settings with the live ones of the wanted. The running object
   * itself when nothing changed.
   */
  readonly settings: Settings
  /** Dotted keys that took effect. */
  readonly live: readonly string[]
  readonly needsRestart: readonly NeedsRestart[]
}

/** Takes over what may change while an agent runs, and leaves the rest as it is until a restart. */
export function stepSettings(
  running: Settings,
  wanted: Settings,
  origin: (key: string) => Origin | undefined,
): SettingsStep {
  const { live, needsRestart } = settingsDifference(running, wanted, origin)
  if (live.length === 0) return { settings: running, live, needsRestart }
  if (needsRestart.length === 0) return { settings: wanted, live, needsRestart }
  let settings = running
  for (const path of differingPaths(running, wanted, [])) {
    const trial = withValue(settings, path, valueAt(wanted, path)) as Settings
    // Try each difference alone: `config` knows which settings need a restart, and the others are applied.
    if (settingsDifference(settings, trial, () => undefined).needsRestart.length === 0) settings = Object.freeze(trial)
  }
  return { settings, live, needsRestart }
}

/** The innermost places at which two values differ; maps with different keys differ as a whole. */
function differingPaths(a: unknown, b: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (isDeepStrictEqual(a, b)) return []
  if (!isObject(a) || !isObject(b) || !isDeepStrictEqual(Object.keys(a).sort(), Object.keys(b).sort())) return [path]
  return Object.keys(a).flatMap(key => differingPaths(a[key], b[key], [...path, key]))
}

const valueAt = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((branch, key) => (isObject(branch) ? branch[key] : undefined), value)

/** A copy with another value at one place; everything beside the way is shared. */
function withValue(branch: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined || !isObject(branch)) return value
  return { ...branch, [key]: withValue(branch[key], rest, value) }
}
