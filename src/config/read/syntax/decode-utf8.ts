import type { Diagnostic } from '../../types.js'
import { diagnose } from './fault.js'
import { LineMap } from '../../../common/hcl/line-map.js'

const strict = new TextDecoder('utf-8', { fatal: true })

/** Reads a file's bytes as UTF-8, without its byte order mark. The finding of a bad byte says where it is. */
export function decodeUtf8(
  file: string,
  bytes: Uint8Array,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] } {
  try {
    return { ok: true, text: strict.decode(bytes) }
  } catch {
    const { before, byte } = firstBadByte(bytes)
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const hex = byte === undefined ? 'an incomplete character' : `byte 0x${byte.toString(16).padStart(2, '0')}`
    const fault = {
      code: 'encoding',
      at: before.length,
      message: `the file is not UTF-8: found ${hex}`,
      hint: utf16 ? 'it looks like UTF-16: save it as UTF-8' : 'save the file as UTF-8',
    }
    return { ok: false, diagnostics: [diagnose(file, new LineMap(before), fault)] }
  }
}

/** The text before the first byte that is not UTF-8, and that byte. */
function firstBadByte(bytes: Uint8Array): { before: string; byte: number | undefined } {
  // A lenient decoder replaces invalid bytes by U+FFFD. A U+FFFD written in the file itself has the bytes EF BF BD.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let offset = 0
  let from = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', from)) {
    offset += Buffer.byteLength(text.slice(from, at))
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) {
      return { before: text.slice(0, at).replace(/^\ufeff/, ''), byte: bytes[offset] }
    }
    offset += 3
    from = at + 1
  }
  return { before: text, byte: undefined }
}
