import fs from 'node:fs'
import path from 'node:path'
import { errorCode, errorMessage } from '../../common/errors.js'
import type { ConfigFormat } from './syntax/index.js'
import type { Diagnostic } from '../types.js'

/** A file that is to be read. */
export interface ListedFile {
  readonly path: string
  readonly format: ConfigFormat
}

/** What a path of the command line stands for now. */
export interface Listing {
  readonly folder: boolean
  readonly files: readonly ListedFile[]
  /** Folders elsewhere that symbolic links lead to. */
  readonly linked: readonly string[]
  /** Names that are not read and should perhaps have been. */
  readonly skipped: readonly string[]
  /** Which folder it is, whatever its name: another one in its place has another. */
  readonly identity?: string
  /** Why it could not be listed. */
  readonly error?: Diagnostic
}

const formats: Readonly<Record<string, ConfigFormat>> = { '.json': 'json', '.json5': 'json', '.hcl': 'hcl' }

/** Which language a file is in: what was asked for, or what its name ends in. */
const formatOf = (file: string, forced: ConfigFormat | undefined): ConfigFormat | undefined =>
  forced ?? formats[path.extname(file).toLowerCase()]

/** Leftovers of editors and package managers: ignored silently. */
const leftovers = /^\.|~$|^#.*#$|\.(swp|swx|tmp|bak|orig|rej|rpmnew|rpmsave|dpkg-\w+)$|^sed[A-Za-z0-9]{6}$|^4913$/

/** Whether a folder's entry of this name is no leftover of an editor or a package manager. */
export const isNoLeftover = (name: string): boolean => !leftovers.test(name)

/** Whether a file of this name in a folder is one of ours, when its ending has to say which language it is in. */
export const isConfigFile = (name: string): boolean => isNoLeftover(name) && formatOf(name, undefined) !== undefined

/** Hidden, and yet called like a file of ours: Consul reads those. Not what Emacs, macOS and Kubernetes make. */
const hidden = /^\.(?![.#_]).*\.(json5?|hcl)$/i

/**
 * Lists a path: a file is itself, a folder is every .json, .json5 and .hcl file directly inside in byte order of their
 * names. Symbolic links are followed, sub-folders and whatever is not a plain file are not read.
 */
export function listPath(given: string, forced: ConfigFormat | undefined): Listing {
  try {
    const found = fs.statSync(given)
    if (found.isDirectory()) return { ...listFolder(given, forced), identity: identityOf(found) }
    if (found.isFile()) return listFile(given, forced)
    return { folder: false, files: [], linked: [], skipped: [], error: strangeAt(given, found) }
  } catch (error) {
    const missing = errorCode(error) === 'ENOENT'
    return {
      folder: false,
      files: [],
      linked: [],
      skipped: [],
      error: missing ? (danglingAt(given) ?? missingAt(given)) : unreadableAt(given, error),
    }
  }
}

function listFile(given: string, forced: ConfigFormat | undefined): Listing {
  const format = formatOf(given, forced)
  const base = { folder: false, linked: linkedFolders([given]), skipped: [] }
  if (format !== undefined) return { ...base, files: [{ path: given, format }] }
  return {
    ...base,
    files: [],
    error: {
      severity: 'error',
      code: 'unknown-format',
      at: { file: given, line: 1, column: 1 },
      message: `the name of ${given} does not say what it is written in`,
      hint: 'name it .json, .json5 or .hcl, or give -config-format',
    },
  }
}

function listFolder(given: string, forced: ConfigFormat | undefined): Listing {
  const names: string[] = []
  const links: string[] = []
  const skipped: string[] = []
  for (const entry of fs.readdirSync(given, { withFileTypes: true })) {
    const { name } = entry
    const plain = entry.isFile() || entry.isSymbolicLink()
    if (plain && hidden.test(name)) skipped.push(name)
    if (leftovers.test(name)) continue
    // Subfolders are ignored silently, unless they are named like a configuration file.
    if (!plain && formatOf(name, undefined) === undefined) continue
    if (!plain || formatOf(name, forced) === undefined) {
      skipped.push(name)
      continue
    }
    if (entry.isSymbolicLink()) links.push(path.join(given, name))
    names.push(name)
  }
  const files = inByteOrder(names).map(name => ({
    path: path.join(given, name),
    format: formatOf(name, forced) ?? 'json',
  }))
  return { folder: true, files, skipped, linked: linkedFolders(links) }
}

/**
 * A folder's listing with one more name that has appeared, without reading the others again; undefined where that is
 * not enough, because the name is a link.
 */
export function withName(
  listing: Listing,
  folder: string,
  name: string,
  forced: ConfigFormat | undefined,
): Listing | undefined {
  const file = path.join(folder, name)
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink() === true) return undefined
  const others = listing.skipped.filter(known => known !== name)
  if (stat?.isFile() === true && hidden.test(name)) return { ...listing, skipped: [...others, name] }
  if (stat === undefined) return { ...listing, skipped: others }
  if (!stat.isFile() || leftovers.test(name)) return listing
  const format = formatOf(name, forced)
  if (format === undefined) return { ...listing, skipped: [...others, name] }
  const bytes = Buffer.from(file)
  let low = 0
  for (let high = listing.files.length; low < high;) {
    const middle = (low + high) >> 1
    if (Buffer.compare(Buffer.from(listing.files[middle]?.path ?? ''), bytes) < 0) low = middle + 1
    else high = middle
  }
  return { ...listing, files: listing.files.toSpliced(low, 0, { path: file, format }) }
}

/** Where links lead; a change there changes what is declared here. */
function linkedFolders(links: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const link of links) {
    try {
      const real = path.dirname(fs.realpathSync(link))
      if (real !== fs.realpathSync(path.dirname(link))) folders.add(real)
    } catch {
      // A dangling link is reported when the file is read.
    }
  }
  return [...folders]
}

/** JavaScript sorts by UTF-16 units, which is byte order except for characters beyond the basic plane. */
function inByteOrder(names: string[]): string[] {
  if (names.some(name => /[\ud800-\udfff]/.test(name)))
    return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return names.sort()
}

/** The finding for a file or folder that cannot be read. */
export const unreadableAt = (file: string, error: unknown): Diagnostic => ({
  severity: 'error',
  code: 'unreadable',
  at: { file, line: 1, column: 1 },
  message: `cannot read ${file}: ${errorMessage(error)}`,
  hint:
    errorCode(error) === 'ELOOP'
      ? 'remove the symbolic link that leads to itself'
      : 'make it readable for the user that the agent runs as',
})

/** The finding for a file of more bytes than are read; told before it is read, so that it cannot fill the memory. */
export const tooLargeAt = (file: string, size: number, limit: number): Diagnostic => ({
  severity: 'error',
  code: 'too-large',
  at: { file, line: 1, column: 1 },
  message: `${file} has ${size} bytes, and ${limit} are read at most`,
  hint: 'split it into several files',
})

/** The warning for a name in a folder that is not read; undefined for one that is not there any more. */
export function skippedAt(file: string, forced: ConfigFormat | undefined): Diagnostic | undefined {
  const found = fs.lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  const finding = (why: string, hint: string): Diagnostic => ({
    severity: 'warning',
    code: 'skipped-file',
    at: { file, line: 1, column: 1 },
    message: `${file} is not read: ${why}`,
    hint,
  })
  if (hidden.test(path.basename(file)))
    return finding('it is hidden', 'rename it so that it does not begin with a dot, or remove it')
  if ((found.isFile() || found.isSymbolicLink()) && formatOf(file, forced) === undefined) {
    return finding(
      'its name does not end in .json, .json5 or .hcl',
      'rename it, or give -config-format to read every file',
    )
  }
  if (!found.isSymbolicLink()) return finding(`it is ${kindOf(found)}`, 'remove it, or put a file in its place')
  const target = fs.statSync(file, { throwIfNoEntry: false })
  return target && finding(`it is a symbolic link to ${kindOf(target)}`, 'let it lead to a file')
}

/**
 * The finding for a symbolic link that leads to no file: its target may be back in a moment. Undefined for what is no
 * link.
 */
export function danglingAt(file: string): Diagnostic | undefined {
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined
  const target = fs.statSync(file, { throwIfNoEntry: false })
  const where = fs.readlinkSync(file)
  return {
    severity: 'error',
    code: 'dangling-link',
    at: { file, line: 1, column: 1 },
    message:
      target === undefined
        ? `${file} is a symbolic link to ${where}, which is not there`
        : `${file} is a symbolic link to ${where}, which is ${kindOf(target)}`,
    hint: 'make what the link leads to, or remove the link to take away what it declared',
  }
}

/**
 * A new inode may reuse the number of a deleted one, so the birth time is compared as well (0 where the file system has
 * none).
 */
const identityOf = ({ dev, ino, birthtimeMs }: fs.Stats): string => `${dev}:${ino}:${birthtimeMs}`

/** What something in the file system is, with its article. */
function kindOf(found: fs.Stats): string {
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a pipe'
  return found.isSocket() ? 'a socket' : found.isFile() ? 'a file' : 'a device'
}

/** The finding for a path of the command line that is neither a file nor a folder. */
const strangeAt = (file: string, found: fs.Stats): Diagnostic => ({
  severity: 'error',
  code: 'not-a-file',
  at: { file, line: 1, column: 1 },
  message: `${file} is ${kindOf(found)}, which cannot be read again at a reload`,
  hint: 'name a file or a folder',
})

/** The warning for a folder without any file of configuration. */
export const emptyFolderAt = (folder: string): Diagnostic => ({
  severity: 'warning',
  code: 'empty-directory',
  at: { file: folder, line: 1, column: 1 },
  message: `no file in ${folder} is read: it declares nothing`,
  hint: 'put .json, .json5 or .hcl files into it, or give another directory',
})

/**
 * The finding for an empty folder that stands where another one with files was: as when that was unmounted, or is being
 * replaced.
 */
export const replacedAt = (folder: string): Diagnostic => ({
  severity: 'error',
  code: 'directory-replaced',
  at: { file: folder, line: 1, column: 1 },
  message: `${folder} is another directory than before and holds no file: what the former one declared stays`,
  hint: 'put the files into it, or reload ("muster reload") to take away what is declared',
})

/** The finding for a file or folder that the command line names and that does not exist. */
export const missingAt = (file: string): Diagnostic => ({
  severity: 'error',
  code: 'missing',
  at: { file, line: 1, column: 1 },
  message: `there is no file or folder ${file}`,
  hint: 'name an existing one',
})
