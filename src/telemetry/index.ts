export * from './types.js'
export { createLogHub, type LogHubOptions } from './log-hub.js'
export { createMetrics, type MetricsOptions } from './metrics.js'
export { Repeats } from './repeats.js'
