import JSON5 from 'json5'
import { depthLimit, tooDeep } from '../../../common/hcl/fault.js'
import type { Fault } from '../../../common/hcl/fault.js'
import { LineMap } from '../../../common/hcl/line-map.js'
import type { LineColumn } from '../../../common/hcl/line-map.js'
import { json5File } from '../../../common/json/dialects.js'
import { findJsonFault } from '../../../common/json/fault-finder.js'
import { skipTrivia } from '../../../common/json/skip.js'
import { isObject } from '../../../common/plain-data.js'
import type { Diagnostic } from '../../types.js'
import { diagnose, diagnoseAll, duplicateKey, protoFault, protoKey } from './fault.js'
import { jsonPlaces } from './json-places.js'
import { countKeys, offsetBeyondDepth, withoutSeparators } from './json-text.js'
import { findPlace } from './places.js'
import type { Place } from './places.js'
import type { Document, ParseResult } from './types.js'

/** How many containers deep the cheap first scan looks: `services`, `services[3]`. */
const shallowLevels = 2

/**
 * Reads JSON or JSON5. Plain JSON takes the engine's own parser; all else here happens only when something is to be
 * said about it.
 */
export function parseJson(file: string, text: string): ParseResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    try {
      value = JSON5.parse<unknown>(withoutSeparators(text))
    } catch (error) {
      return refused(file, text, error)
    }
  }
  const lines = new LineMap(text)
  if (!isObject(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
    return failure(file, lines, {
      code: 'not-an-object',
      at: skipTrivia(text, 0),
      message: `a file holds an object, found ${found}`,
      hint: Array.isArray(value) ? 'write { services: [ ... ] }' : 'begin it with "{"',
    })
  }
  const seen = { keys: 0, deep: false, protos: [] }
  inspect(value, 1, seen)
  if (seen.deep) return failure(file, lines, tooDeep(offsetBeyondDepth(text, depthLimit)))
  const document = new JsonDocument(text, value, lines)
  if (seen.protos.length === 0 && seen.keys === countKeys(text)) return { ok: true, document, diagnostics: [] }
  return { ok: true, document, diagnostics: badKeys(file, text, lines, seen.protos) }
}

class JsonDocument implements Document {
  readonly value: Readonly<Record<string, unknown>>
  readonly #text: string
  readonly #lines: LineMap
  #shallow: Place | undefined
  #deep: Place | undefined

  constructor(text: string, value: Readonly<Record<string, unknown>>, lines: LineMap) {
    this.#text = text
    this.value = value
    this.#lines = lines
  }

  locate(path: readonly (string | number)[], what: 'key' | 'value' = 'value'): LineColumn {
    if (path.length > shallowLevels) this.#deep ??= jsonPlaces(this.#text, depthLimit).root
    const root = this.#deep ?? (this.#shallow ??= jsonPlaces(this.#text, shallowLevels).root)
    return this.#lines.place(findPlace(root, path)[what])
  }
}

interface Seen {
  keys: number
  deep: boolean
  protos: Record<string, unknown>[]
}

/** Counts the keys of a parsed value, and finds what must not go further. */
function inspect(value: object, depth: number, seen: Seen): void {
  if (depth > depthLimit) {
    seen.deep = true
    return
  }
  if (Array.isArray(value)) {
    for (const element of value as unknown[])
      if (typeof element === 'object' && element !== null) inspect(element, depth + 1, seen)
    return
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    seen.keys++
    if (key === protoKey) seen.protos.push(object)
    const member = object[key]
    if (typeof member === 'object' && member !== null) inspect(member, depth + 1, seen)
  }
}

/** Names keys that stand twice, and takes `__proto__` out of the value. */
function badKeys(
  file: string,
  text: string,
  lines: LineMap,
  protos: readonly Record<string, unknown>[],
): readonly Diagnostic[] {
  for (const holder of protos) Reflect.deleteProperty(holder, protoKey)
  const { root, duplicates } = jsonPlaces(text, depthLimit)
  return diagnoseAll(
    file,
    lines,
    [
      ...duplicates.map(({ path, first, second }) => duplicateKey(lines, path, first, second)),
      ...protoPlaces(root, []),
    ].sort((a, b) => a.at - b.at),
  )
}

function protoPlaces(place: Place, path: readonly (string | number)[]): Fault[] {
  return [...(place.members ?? [])].flatMap(([key, member]) => {
    const here = [...path, key]
    return key === protoKey ? [protoFault(here, member.key)] : protoPlaces(member, here)
  })
}

function refused(file: string, text: string, error: unknown): ParseResult {
  const lines = new LineMap(text)
  const fault = findJsonFault(text, json5File)
  if (fault === 'empty') return { ok: true, document: new JsonDocument(text, {}, lines), diagnostics: [] }
  return failure(
    file,
    lines,
    fault ?? {
      at: offsetOf(text, error),
      message: `not JSON5: ${error instanceof Error ? error.message : String(error)}`,
    },
  )
}

/** Where json5 itself says that the error is. */
function offsetOf(text: string, error: unknown): number {
  const { lineNumber, columnNumber } = error as { lineNumber?: number; columnNumber?: number }
  let start = 0
  for (let line = 1; line < (lineNumber ?? 1); line++) start = text.indexOf('\n', start) + 1
  return start + (columnNumber ?? 1) - 1
}

const failure = (file: string, lines: LineMap, fault: Fault): ParseResult => ({
  ok: false,
  diagnostics: [diagnose(file, lines, fault)],
})
