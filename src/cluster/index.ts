export * from './types.js'
export { SingleMachine, type SelfDescription } from './single-machine.js'
