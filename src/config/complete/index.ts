export { checkFromApi, serviceFromApi } from './from-api.js'
export { completeCheck, completeService } from './complete-definition.js'
export type { Problem } from './problem.js'
export type { WrittenCheck, WrittenService } from '../../generated/types.js'
