export * from './types.js'
export { askKind, kinds, type PolledOptions, type PolledType } from './kinds.js'
export { createCheckRunner } from './runner.js'
