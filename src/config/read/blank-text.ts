import type { ConfigFormat } from './syntax/index.js'

/**
 * Whether a file's text says nothing at all: no character, or only white space and comments, as when a writer has
 * emptied it and not filled it yet. `{}` says something: that there is nothing. An unfinished comment is an error for
 * the parser to find.
 */
export function isBlankText(text: string, format: ConfigFormat): boolean {
  for (let at = 0; at < text.length;) {
    const behind = /\s/.test(text.charAt(at)) ? at + 1 : behindComment(text, at, format)
    if (behind === at) return false
    at = behind
  }
  return true
}

/** Behind the comment that starts at `at`; `at` itself when none does, or when it never ends. */
function behindComment(text: string, at: number, format: ConfigFormat): number {
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2)
    return end < 0 ? at : end + 2
  }
  if (!text.startsWith('//', at) && !(format === 'hcl' && text.startsWith('#', at))) return at
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}
