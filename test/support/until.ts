/**
 * Waits until `probe` gives something truthy and resolves with it; asks again every few milliseconds, at once after it
 * settles. Rejects after `ms` with what was asked for and the last answer or error.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = 10_000,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const end = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      const found = await probe()
      if (found) return found as Exclude<T, false | 0 | '' | null | undefined>
      last = found
    } catch (error) {
      last = error
    }
    if (performance.now() > end)
      throw new Error(
        `waited ${ms} ms in vain until ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
      )
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
