export { compileFilter } from './compile.js'
export { selectors } from './selectors.js'
export type { Field, SelectorTree } from './selector-tree.js'
