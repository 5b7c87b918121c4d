export * from './types.js'
export { kinds } from './kinds.js'
export { createCheckRunner } from './runner.js'
