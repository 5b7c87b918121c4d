import { isSpace } from '../hcl/space.js'
import { depthLimit } from '../hcl/fault.js'

/** What a text has to be written in, and how much of it its faults may repeat. */
export interface JsonDialect {
  /** What messages call the text. */
  readonly holder: string
  /** What the outermost value has to be, as messages say it. */
  readonly root: '"{"' | 'a value'
  /**
   * Whether faults come with hints, and with the words that were found. Without, they repeat none of its words: a
   * request may hold a secret, and what refuses it may be logged.
   */
  readonly explains: boolean
  readonly isSpace: (unit: number) => boolean
  readonly hasComments: boolean
  readonly isQuote: (unit: number) => boolean
  /** A key without quotes, from the place on; none when absent. */
  readonly bareKey?: RegExp
  /** The whole of a number. */
  readonly number: RegExp
  /** An escape in a string, from its backslash on. */
  readonly escape: RegExp
  /** Whether control characters other than line ends may stand in a string as they are. */
  readonly hasControls: boolean
  /** Whether a comma may stand behind the last member or element. */
  readonly hasTrailingCommas: boolean
  readonly maxDepth: number
}

/** A file of declarations: one object, in JSON5. */
export const json5File: JsonDialect = {
  holder: 'file',
  root: '"{"',
  explains: true,
  isSpace,
  hasComments: true,
  isQuote: unit => unit === 0x22 || unit === 0x27,
  bareKey: /(?:[$_\p{ID_Start}]|\\u[0-9a-f]{4})(?:[$\u200c\u200d\p{ID_Continue}]|\\u[0-9a-f]{4})*/iuy,
  number: /^[+-]?(?:Infinity|NaN|0x[0-9a-f]+|(?:0|[1-9]\d*)(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)$/i,
  escape: /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|0(?!\d)|\r\n|[^xu0-9])/iy,
  hasControls: true,
  hasTrailingCommas: true,
  maxDepth: depthLimit,
}

/** The body of a request: any one value, in JSON as RFC 8259 has it. How deep it may nest is asked before. */
export const jsonBody: JsonDialect = {
  holder: 'body',
  root: 'a value',
  explains: false,
  isSpace: unit => unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0d,
  hasComments: false,
  isQuote: unit => unit === 0x22,
  number: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  escape: /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y,
  hasControls: false,
  hasTrailingCommas: false,
  maxDepth: Infinity,
}
