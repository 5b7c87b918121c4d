import { isDeepStrictEqual } from 'node:util'
import { isObject } from '../../common/plain-data.js'
import { isSecret, quote } from '../read/finding.js'
import type { Path } from '../read/keys.js'
import { dotted, nodeAt } from '../read/keys.js'
import type { Diagnostic, Origin } from '../types.js'

/** One source of settings, with the way to find a key's place in it. */
export interface Source {
  readonly value: Readonly<Record<string, unknown>>
  /** Undefined for the command line and for defaults. */
  readonly place?: (path: Path, what?: 'key' | 'value') => Origin
}

/** All sources laid over each other. */
export interface Merged {
  readonly value: Readonly<Record<string, unknown>>
  /**
   * Where the winning value of a dotted key stands; elements of lists as `recursors[1]`. Undefined: not from a file.
   */
  origin(key: string, what?: 'key' | 'value'): Origin | undefined
  /** Warnings for single values on which two files disagree. */
  readonly disagreements: readonly Diagnostic[]
}

interface Setter {
  readonly source: Source
  readonly path: Path
}
interface State {
  readonly setters: Map<string, Setter>
  readonly disagreements: Diagnostic[]
}

/**
 * Lays sources over each other, the later over the earlier: single values replace, lists are joined, objects and maps
 * are merged key by key. What a source does not name it does not change.
 */
export function merge(sources: readonly Source[]): Merged {
  const state: State = { setters: new Map(), disagreements: [] }
  const value: Record<string, unknown> = {}
  for (const source of sources) mergeObject(value, source.value, [], source, state)
  return {
    value,
    disagreements: state.disagreements,
    origin: (key, what) => {
      const setter = state.setters.get(key)
      return setter?.source.place?.(setter.path, what)
    },
  }
}

function mergeObject(
  into: Record<string, unknown>,
  from: Readonly<Record<string, unknown>>,
  path: Path,
  source: Source,
  state: State,
): void {
  for (const [key, value] of Object.entries(from)) {
    const here = [...path, key]
    const before = Object.hasOwn(into, key) ? into[key] : undefined
    if (isObject(value)) {
      const target: Record<string, unknown> = isObject(before) ? before : {}
      into[key] = target
      if (before === undefined) state.setters.set(dotted(here), { source, path: here })
      mergeObject(target, value, here, source, state)
    } else if (Array.isArray(value)) {
      // The list belongs to the merge, so it can grow in place instead of being copied for each file.
      const list = Array.isArray(before) ? (before as unknown[]) : []
      value.forEach((_, i) => state.setters.set(dotted([...here, list.length + i]), { source, path: [...here, i] }))
      for (const element of value as unknown[]) list.push(element)
      into[key] = list
      state.setters.set(dotted(here), { source, path: here })
    } else {
      if (before !== undefined && !isDeepStrictEqual(before, value)) disagree(here, before, value, source, state)
      into[key] = value
      state.setters.set(dotted(here), { source, path: here })
    }
  }
}

/**
 * Only files disagree: a flag is there to win. Keys without effect (tokens and encryption keys are among them) are not
 * compared.
 */
function disagree(path: Path, before: unknown, value: unknown, source: Source, state: State): void {
  const key = dotted(path)
  const loser = state.setters.get(key)
  const other = loser?.source.place?.(loser.path)
  const at = source.place?.(path)
  if (
    other === undefined
    || at === undefined
    || other.file === at.file
    || path.some((_, i) => nodeAt(path.slice(0, i + 1))?.noEffect !== undefined)
  )
    return
  state.disagreements.push({
    severity: 'warning',
    code: 'conflicting-setting',
    at,
    other,
    key,
    message: `${quote(key)} is ${shown(key, value)} here and ${shown(key, before)} at ${other.file}:${other.line}:${other.column}; the later file, ${at.file}, wins`,
    hint: 'keep one of them',
  })
}

const shown = (key: string, value: unknown): string => (isSecret(key) ? 'hidden' : JSON.stringify(value))
