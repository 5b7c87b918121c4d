import type { Diagnostic } from '../../types.js'
import { diagnose } from './fault.js'
import { parseHclDocument } from './hcl-document.js'
import { parseJson } from './json-document.js'
import { LineMap } from '../../../common/hcl/line-map.js'
import type { ConfigFormat, ListKeys, ParseResult } from './types.js'

export { decodeUtf8 } from './decode-utf8.js'
export { dotted } from './fault.js'
export { parseHcl } from './hcl-file.js'
export type { ConfigFormat, Document, ListKeys, ParseResult } from './types.js'

/**
 * The largest file that is read, in bytes: a hundred thousand services fit. Reading one keeps the agent from anything
 * else, so there is an end.
 */
export const sizeLimit = 16 * 1024 * 1024

/**
 * Reads a configuration file's text. Never throws: whatever is wrong is a diagnostic with a place inside the text.
 * `listKeys` matters to HCL only, see {@link ListKeys}; without it `services`, `checks` and `watches` are lists.
 */
export function parseDocument(file: string, text: string, format: ConfigFormat, listKeys?: ListKeys): ParseResult {
  if (text.length > sizeLimit) return { ok: false, diagnostics: [tooLarge(file, text.length)] }
  return format === 'json' ? parseJson(file, text) : parseHclDocument(file, text, listKeys)
}

const tooLarge = (file: string, length: number): Diagnostic =>
  diagnose(file, new LineMap(''), {
    code: 'too-large',
    at: 0,
    message: `the file has ${length} characters, more than the ${sizeLimit} allowed`,
    hint: 'split it into several files',
  })
