import { apiKeys, apiNames } from '../../check-kinds/index.js'
import { normalDuration } from '../../common/read-duration.js'
import type { WrittenCheck } from '../../generated/types.js'

const durations: ReadonlySet<string> = new Set(apiKeys.filter(key => key.value === 'duration').map(key => key.name))

/** What a check says about its work, spelled as the API does: CamelCase keys, durations as Go prints them. */
export function apiSpelling(written: WrittenCheck): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {}
  for (const key in written) {
    const name = apiNames.get(key)
    const value: unknown = written[key as keyof WrittenCheck]
    if (name !== undefined && value !== '')
      result[name] = typeof value === 'string' && durations.has(key) ? normalDuration(value) : value
  }
  return result
}
