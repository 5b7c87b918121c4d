/**
 * Waits until `probe` gives something truthy and resolves with it. It asks every few milliseconds at first, and less
 * and less often the longer it takes, so that those who wait leave the cores to what they wait for. Rejects after `ms`
 * with what was asked for and the last answer or error.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = 10_000,
): Promise<Exclude<T, false | 0 | '' | null | undefined>> {
  const begun = performance.now()
  let last: unknown
  for (;;) {
    try {
      const found = await probe()
      if (found) return found as Exclude<T, false | 0 | '' | null | undefined>
      last = found
    } catch (error) {
      last = error
    }
    const waited = performance.now() - begun
    if (waited > ms)
      throw new Error(
        `waited ${ms} ms in vain until ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`,
      )
    await new Promise(resolve => setTimeout(resolve, Math.min(100, Math.max(5, waited / 20))))
  }
}
