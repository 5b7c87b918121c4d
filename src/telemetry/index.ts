export * from './types.js'
export { createLogHub, type LogHubOptions } from './log-hub.js'
export { createMetrics, type MetricsOptions } from './metrics.js'
export { type LogFileOptions } from './log-file.js'
