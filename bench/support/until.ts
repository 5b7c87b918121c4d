/**
 * Asks again and again, `every` ms apart, until the answer is true (an error counts as no), and resolves with the
 * milliseconds that took.
 */
export async function timeUntil(probe: () => Promise<boolean>, every = 2): Promise<number> {
  const begun = performance.now()
  for (;;) {
    if (await probe().catch(() => false)) return performance.now() - begun
    if (performance.now() - begun > 120_000) throw new Error('two minutes passed in vain')
    await new Promise(resolve => setTimeout(resolve, every))
  }
}
