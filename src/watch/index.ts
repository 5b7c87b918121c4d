export { watchPlan } from './plan.js'
export { Watches } from './watches.js'
export { indexOf, nextPosition, waitParameters, type Position } from './position.js'
export type { WatchQuery } from './types.js'
