export { watchPlan } from './plan.js'
export { Watches } from './watches.js'
export type { WatchDependencies } from './run-watch.js'
export type { WatchHandler, WatchPlan, WatchQuery, WatchSource } from './types.js'
