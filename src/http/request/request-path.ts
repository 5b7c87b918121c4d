/** What the path of a request line means before any route is looked up. */
export type RequestPath =
  | { readonly kind: 'ok'; readonly raw: string; readonly decoded: string; readonly search: string }
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'bad'; readonly reason: string }

// What Go's unicode.IsPrint refuses: controls, formats, unassigned, and every space but the ASCII one.
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u
const dirty = /\/\/|(?:^|\/)\.{1,2}(?:\/|$)/

/**
 * Splits a request target into path and search. A path with empty, `.` or `..` elements moves to its clean form; one
 * that is not UTF-8 after percent-decoding, or holds unprintable characters, is bad.
 */
export function readRequestPath(target: string): RequestPath {
  const relative = target.startsWith('/') ? target : withoutAuthority(target)
  if (relative === undefined) return { kind: 'bad', reason: 'the request target is neither a path nor a URL' }
  const mark = relative.indexOf('?')
  const raw = mark < 0 ? relative : relative.slice(0, mark)
  const search = mark < 0 ? '' : relative.slice(mark + 1)
  const decoded = decode(raw)
  if (decoded === undefined) return { kind: 'bad', reason: 'the path is not valid percent-encoded UTF-8' }
  if (unprintable.test(decoded)) return { kind: 'bad', reason: 'the path holds unprintable characters' }
  if (dirty.test(raw)) return { kind: 'moved', to: clean(raw) + (mark < 0 ? '' : `?${search}`) }
  return { kind: 'ok', raw, decoded, search }
}

/** The path and search of `http://host/path`, as a client behind a proxy sends it. */
function withoutAuthority(target: string): string | undefined {
  const match = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)
  if (match === null) return undefined
  const rest = match[1] ?? ''
  return rest.startsWith('/') ? rest : `/${rest}`
}

function decode(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw)
  } catch {
    return undefined
  }
}

function clean(raw: string): string {
  const kept: string[] = []
  for (const element of raw.split('/')) {
    if (element === '..') kept.pop()
    else if (element !== '' && element !== '.') kept.push(element)
  }
  const trailing = kept.length > 0 && /\/\.{0,2}$/.test(raw) ? '/' : ''
  return `/${kept.join('/')}${trailing}`
}
