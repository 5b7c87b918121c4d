import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../common/plain-data.js'
import { configKeys } from '../../generated/keys.js'
import type { KeyNode } from '../../generated/keys.js'
import type { Finding } from './finding.js'
import { dotted, findKey, nodeAt } from './keys.js'
import type { Path } from './keys.js'

/** What is to be said about keys that are right but not what a reader may think. */
export interface KeyNotes {
  readonly findings: readonly Finding[]
  /** Texts that name a file which should exist. */
  readonly files: readonly { readonly path: Path; readonly file: string }[]
}

const nothingMade: ReadonlySet<string> = new Set()
const none: KeyNotes = { findings: [], files: [] }

/**
 * Warnings for keys of a normalised file that have no effect in this version (unless they ask for what happens anyway)
 * or that are deprecated, and the files that it names. `made` are the dotted paths that old spellings were moved to:
 * what is to be said of those is said where they are written.
 */
export function keyNotes(value: Readonly<Record<string, unknown>>, made: ReadonlySet<string> = nothingMade): KeyNotes {
  const notes = { findings: [] as Finding[], files: [] as { path: Path; file: string }[] }
  visit(value, configKeys, [], false, { ...notes, made })
  return notes.findings.length + notes.files.length === 0 ? none : notes
}

interface Notes {
  readonly findings: Finding[]
  readonly files: { path: Path; file: string }[]
  readonly made: ReadonlySet<string>
}

function visit(value: unknown, node: KeyNode, path: Path, told: boolean, notes: Notes): void {
  if (typeof value !== 'object' || value === null) {
    if (!told && node.namesFile === true && typeof value === 'string' && value !== '')
      notes.files.push({ path, file: value })
    return
  }
  if (Array.isArray(value)) {
    const { item } = node
    if (item?.keys !== undefined)
      value.forEach((element, i) => {
        visit(element, item, [...path, i], told, notes)
      })
    return
  }
  if (node.keys === undefined) return
  for (const key in value) {
    const found = findKey(node, key)?.node
    if (found === undefined) continue
    const here = [...path, key]
    const member = (value as Readonly<Record<string, unknown>>)[key]
    const without = !told && found.noEffect !== undefined && !isInert(member, found)
    if (without && !notes.made.has(dotted(here))) notes.findings.push(withoutEffect(here, found.noEffect ?? ''))
    else if (found.deprecated !== undefined && found.aliasOf === undefined)
      notes.findings.push(deprecated(here, found.deprecated))
    visit(member, found, here, told || without, notes)
  }
}

/**
 * Why a value at a path from the root does nothing, unless it asks for exactly what happens anyway; undefined for one
 * that counts.
 */
export function effectless(path: Path, value: unknown): string | undefined {
  const nodes = path.map((_, i) => nodeAt(path.slice(0, i + 1)))
  const last = nodes.at(-1)
  return last === undefined || isInert(value, last)
    ? undefined
    : nodes.find(node => node?.noEffect !== undefined)?.noEffect
}

/** Whether a value asks for exactly what happens anyway. */
function isInert(value: unknown, node: KeyNode): boolean {
  if (node.keys !== undefined && isObject(value)) {
    return Object.entries(value).every(([key, member]) => {
      const found = findKey(node, key)?.node
      return found !== undefined && isInert(member, found)
    })
  }
  if (node.kind === 'map' && node.default !== undefined && value !== null && typeof value === 'object') {
    return Object.entries(value).every(([key, member]) => key === 'enabled' && member === false)
  }
  return node.default !== undefined && isDeepStrictEqual(value, node.default)
}

/** The warning for a key that does nothing. */
export const withoutEffect = (path: Path, why: string): Finding => ({
  path,
  what: 'key',
  severity: 'warning',
  code: 'no-effect',
  message: `${JSON.stringify(dotted(path))} has no effect in this version${why === '' ? '' : `: ${why}`}`,
})

const deprecated = (path: Path, use: string): Finding => ({
  path,
  what: 'key',
  severity: 'warning',
  code: 'deprecated-key',
  message: `${JSON.stringify(String(path.at(-1)))} is deprecated`,
  hint: use,
})
