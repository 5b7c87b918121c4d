import { skipString } from '../../common/json/skip.js'

const indent = '    '

/**
 * Lays compact JSON text out as `?pretty` shows it: four spaces, a newline at the end. It goes by the text and not by
 * the value, since numbers above 2^53 would not survive being read.
 */
export function layoutJson(compact: string): string {
  const parts: string[] = []
  let depth = 0
  let from = 0
  const line = (): string => `\n${indent.repeat(depth)}`
  for (let at = 0; at < compact.length; at++) {
    const found = compact[at]
    if (found === '"') at = skipString(compact, at) - 1
    else if (found === '{' || found === '[') {
      const isEmpty = compact[at + 1] === '}' || compact[at + 1] === ']'
      if (isEmpty) at++
      else {
        depth++
        parts.push(compact.slice(from, at + 1), line())
        from = at + 1
      }
    } else if (found === '}' || found === ']') {
      depth--
      parts.push(compact.slice(from, at), line())
      from = at
    } else if (found === ',') {
      parts.push(compact.slice(from, at + 1), line())
      from = at + 1
    } else if (found === ':') {
      parts.push(compact.slice(from, at + 1), ' ')
      from = at + 1
    }
  }
  parts.push(compact.slice(from), '\n')
  return parts.join('')
}
