/**
 * Milliseconds between two looks at etcd: until it serves clients, until its cluster knows its present address, and
 * from then on.
 */
export const lookIntervalMs = { starting: 50, settling: 300, settled: 2000 } as const

/**
 * Milliseconds before an etcd that has crashed is started again: the first wait, the longest one (also after a start
 * that failed), and how long it has to be up so that its crash counts as the first one.
 */
export const backOff = { firstMs: 100, maxMs: 10_000, forgottenAfterMs: 60_000 } as const

/** Milliseconds that one question to etcd may take, and the last look before it is stopped. */
export const askTimeoutMs = 1000

/**
 * Milliseconds that an etcd gets to end by itself. Handing the leadership over takes less than one election timeout
 * where it succeeds; where all servers stop together it would wait nearly 7 s for it. Ending it then costs nothing:
 * what it has acknowledged is on the disk.
 */
export const endTimeoutMs = 3000
