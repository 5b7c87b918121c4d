export * from './types.js'
export { kinds, type PolledType } from './kinds.js'
export { createCheckRunner } from './runner.js'
