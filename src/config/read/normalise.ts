import type { KeyNode } from '../../generated/keys.js'
import { configKeys } from '../../generated/keys.js'
import type { Finding } from './finding.js'
import { effectless, withoutEffect } from './key-notes.js'
import { dotted, findKey } from './keys.js'
import type { Path } from './keys.js'

/** A file's content in the schemas' own spelling. */
export interface Normalised {
  readonly value: Readonly<Record<string, unknown>>
  readonly findings: readonly Finding[]
  /** Dotted paths that hold nothing but what stands under old spellings. */
  readonly made: ReadonlySet<string>
  /** The path in the file's own spelling of what stands at a normalised path. */
  readonly written: (path: Path) => Path
}

interface Move {
  readonly from: Path
  readonly written: Path
  readonly node: KeyNode
  readonly target: Path
}
interface Walk {
  readonly renamed: Map<string, Path>
  readonly made: Set<string>
  readonly moves: Move[]
  readonly findings: Finding[]
}

const join = (path: Path): string => path.join('\0')

/**
 * Brings keys to the schemas' spelling: case is levelled, aliases take the name of what they mean (also where that is
 * nested: `acl_token` becomes `acl.tokens.default`). Where both are given, the newer spelling wins. A key that is null
 * is not there: programs write all their fields, and Consul takes null for unset. Unknown keys stay for the validator
 * to name. A value that needs nothing is returned as it is, so that thousands of plain files cost nothing.
 */
export function normalise(value: Readonly<Record<string, unknown>>): Normalised {
  const walk: Walk = { renamed: new Map(), made: new Set(), moves: [], findings: [] }
  let result = walkObject(value, configKeys, [], [], walk)
  if (walk.moves.length > 0) {
    const copy = structuredClone(result)
    for (const move of walk.moves) applyMove(copy, move, walk)
    result = copy
  }
  const { renamed, made, findings } = walk
  return { value: result, findings, made, written: renamed.size === 0 ? asItIs : path => original(path, renamed) }
}

/** One for all files in which every key is spelled as the schemas do it, which are nearly all. */
const asItIs = (path: Path): Path => path

function original(path: Path, renamed: ReadonlyMap<string, Path>): Path {
  for (let length = path.length; length > 0; length--) {
    const found = renamed.get(join(path.slice(0, length)))
    if (found !== undefined) return [...found, ...path.slice(length)]
  }
  return path
}

function walkValue(value: unknown, node: KeyNode, path: Path, written: Path, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    if (isListOfOne(value, node)) {
      walk.renamed.set(join(path), [...written, 0])
      return walkValue(value[0], node, path, [...written, 0], walk)
    }
    if (node.item?.keys === undefined) return value
    const item = node.item
    let copy: unknown[] | undefined
    value.forEach((element: unknown, i) => {
      const next = walkValue(element, item, [...path, i], [...written, i], walk)
      if (next !== element) (copy ??= [...(value as unknown[])])[i] = next
    })
    return copy ?? value
  }
  const object = value as Readonly<Record<string, unknown>>
  if (node.kind === 'object') return walkObject(object, node, path, written, walk)
  const { item } = node
  if (item === undefined) return value
  return item.keys !== undefined || Object.values(object).some(Array.isArray)
    ? walkMap(object, item, path, written, walk)
    : value
}

/**
 * HCL's decoder made a list of every block, so Consul takes a list of one for its element wherever one value is wanted;
 * in JSON too.
 */
const isListOfOne = (value: readonly unknown[], { kind, types }: KeyNode): boolean =>
  value.length === 1 && kind !== 'list' && !types.includes('array')

function walkMap(
  value: Readonly<Record<string, unknown>>,
  item: KeyNode,
  path: Path,
  written: Path,
  walk: Walk,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  for (const [key, element] of Object.entries(value)) {
    const next = walkValue(element, item, [...path, key], [...written, key], walk)
    if (next !== element) (copy ??= { ...value })[key] = next
  }
  return copy ?? value
}

function walkObject(
  value: Readonly<Record<string, unknown>>,
  node: KeyNode,
  path: Path,
  written: Path,
  walk: Walk,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    const found = findKey(node, key)
    if (found === undefined) continue
    if (value[key] === null) {
      copy ??= { ...value }
      Reflect.deleteProperty(copy, key)
      continue
    }
    const here = [...path, found.name]
    const writtenHere = [...written, key]
    if (found.name !== key) {
      copy ??= { ...value }
      Reflect.deleteProperty(copy, key)
      if (Object.hasOwn(copy, found.name)) walk.findings.push(twice(here, key, found.name))
      copy[found.name] = value[key]
      walk.renamed.set(join(here), writtenHere)
    }
    const next = walkValue(value[key], found.node, here, writtenHere, walk)
    if (next !== value[key]) (copy ??= { ...value })[found.name] = next
    const { aliasOf } = found.node
    if (aliasOf !== undefined) {
      const target = aliasOf.includes('.') ? aliasOf.split('.') : [...path, aliasOf]
      walk.moves.push({ from: here, written: writtenHere, node: found.node, target })
    }
  }
  return copy ?? value
}

function applyMove(root: Readonly<Record<string, unknown>>, { from, written, node, target }: Move, walk: Walk): void {
  const oldName = String(written.at(-1))
  const holder = containerOf(root, from, undefined)
  const name = String(from.at(-1))
  const value = holder?.[name]
  if (holder !== undefined) Reflect.deleteProperty(holder, name)
  const destination = containerOf(root, target, walk.made)
  const targetName = String(target.at(-1))
  if (destination === undefined || Object.hasOwn(destination, targetName)) {
    walk.findings.push(ignored(from, oldName, target))
  } else {
    destination[targetName] = asTarget(value, node)
    walk.renamed.set(join(target), written)
    walk.made.add(dotted(target))
    const why = effectless(target, destination[targetName])
    if (why !== undefined) walk.findings.push(withoutEffect(from, why))
    else if (node.deprecated !== undefined) {
      walk.findings.push({
        path: from,
        what: 'key',
        severity: 'warning',
        code: 'deprecated-key',
        message: `${JSON.stringify(oldName)} is an old spelling`,
        hint: node.deprecated,
      })
    }
  }
  walk.renamed.set(join(from), written)
}

/** An alias may be one text where its target takes a list. */
function asTarget(value: unknown, { aliasPrefix, aliasOf }: KeyNode): unknown {
  if (typeof value !== 'string') return value
  if (aliasPrefix !== undefined) return [...aliasPrefix, value]
  return aliasOf === 'recursors' ? [value] : value
}

/** The object that holds the end of a path; with `made` it is made where there is none, and noted there. */
function containerOf(
  root: Readonly<Record<string, unknown>>,
  path: Path,
  made: Set<string> | undefined,
): Record<string, unknown> | undefined {
  let at: unknown = root
  for (const [i, step] of path.slice(0, -1).entries()) {
    const holder = at as Record<string | number, unknown>
    if (made !== undefined && holder[step] === undefined) {
      holder[step] = {}
      made.add(dotted(path.slice(0, i + 1)))
    }
    at = holder[step]
    if (typeof at !== 'object' || at === null) return undefined
  }
  return at as Record<string, unknown>
}

const twice = (path: Path, key: string, name: string): Finding => ({
  path,
  what: 'key',
  severity: 'error',
  code: 'duplicate-key',
  message: `${JSON.stringify(key)} and ${JSON.stringify(name)} are the same key`,
  hint: 'keep one of them',
})

const ignored = (path: Path, name: string, target: Path): Finding => ({
  path,
  what: 'key',
  severity: 'warning',
  code: 'ignored-key',
  message: `${JSON.stringify(name)} is ignored, because ${JSON.stringify(target.join('.'))} is given too`,
  hint: 'keep the newer spelling only',
})
