/** Where a text stops being JSON. Line and column count from 1, columns in UTF-16 units. */
export interface JsonFault {
  readonly line: number
  readonly column: number
  readonly message: string
}

type Expected =
  'a value' | 'a value or "]"' | 'a key or "}"' | 'a key' | '":"' | '"," or "]"' | '"," or "}"' | 'the end'

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /true|false|null/y
const space = /[ \t\r\n]*/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/** Finds the first fault of a text; undefined when it is JSON. Takes no recursion, so no depth is too much for it. */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('[' | '{')[] = []
  let expected: Expected = 'a value'
  let at = 0
  const skip = (pattern: RegExp): number => {
    pattern.lastIndex = at
    return pattern.test(text) ? pattern.lastIndex : at
  }
  const afterValue = (): Expected => (open.length === 0 ? 'the end' : open.at(-1) === '[' ? '"," or "]"' : '"," or "}"')
  for (;;) {
    at = skip(space)
    const found = text[at]
    if (found === undefined)
      return expected === 'the end' ? undefined : faultAt(text, at, `expected ${expected}, but the text ends`)
    if (closes(expected, found)) {
      open.pop()
      at++
      expected = afterValue()
    } else if (expected === '":"' && found === ':') {
      at++
      expected = 'a value'
    } else if (found === ',' && (expected === '"," or "]"' || expected === '"," or "}"')) {
      at++
      expected = open.at(-1) === '[' ? 'a value' : 'a key'
    } else if (found === '"' && (expected === 'a key' || expected === 'a key or "}"')) {
      const end = stringEnd(text, at)
      if (typeof end !== 'number') return end
      at = end
      expected = '":"'
    } else if (expected === 'a value' || expected === 'a value or "]"') {
      if (found === '[' || found === '{') {
        open.push(found)
        at++
        expected = found === '[' ? 'a value or "]"' : 'a key or "}"'
        continue
      }
      const end = found === '"' ? stringEnd(text, at) : Math.max(skip(number), skip(word))
      if (typeof end !== 'number') return end
      if (end === at) return unexpected(text, at, expected)
      at = end
      expected = afterValue()
    } else return unexpected(text, at, expected)
  }
}

const closes = (expected: Expected, found: string): boolean =>
  (found === ']' && (expected === 'a value or "]"' || expected === '"," or "]"'))
  || (found === '}' && (expected === 'a key or "}"' || expected === '"," or "}"'))

/**
 * Whether a UTF-16 unit may stand in a string as it is: no quote, backslash or control, and not the end of the text
 * (NaN).
 */
const isPlain = (unit: number): boolean => unit >= 0x20 && unit !== 0x22 && unit !== 0x5c

/** The place behind a string, or why it is none. */
function stringEnd(text: string, start: number): number | JsonFault {
  let at = start + 1
  for (;;) {
    while (isPlain(text.charCodeAt(at))) at++
    const found = text[at]
    if (found === '"') return at + 1
    if (found === undefined) return faultAt(text, start, 'this string does not end')
    escape.lastIndex = at
    if (!escape.test(text))
      return faultAt(text, at, found === '\\' ? 'no such escape' : 'control characters must be escaped in a string')
    at = escape.lastIndex
  }
}

const unexpected = (text: string, at: number, expected: Expected): JsonFault =>
  faultAt(text, at, `expected ${expected}, found ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`)

function faultAt(text: string, at: number, message: string): JsonFault {
  let [line, lineStart] = [1, 0]
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', lineStart)) {
    line++
    lineStart = end + 1
  }
  return { line, column: at - lineStart + 1, message }
}
