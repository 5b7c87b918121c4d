import type { Content } from './content.js'
import type { Path } from './keys.js'
import type { Origin } from './types.js'

/**
 * The place of a declaration, looked up in the text when someone asks: thousands of files are loaded without ever
 * computing a line, and a few are asked about. Its properties are its own, so it prints and copies as any origin.
 */
export function lazyOrigin(content: Content, path: Path): Origin {
  let found: Origin | undefined
  const find = (): Origin => found ??= content.place(path)
  return {
    file: content.file,
    get line() { return find().line },
    get column() { return find().column },
  }
}
