export * from './store.js'
export { openMemoryStore } from './memory.js'
export type { EmbeddedOptions } from './embedded.js'
export type { HistoryLimits } from './watch-hub.js'
