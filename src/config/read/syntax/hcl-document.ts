import type { Fault } from '../../../common/hcl/fault.js'
import { LineMap } from '../../../common/hcl/line-map.js'
import type { LineColumn } from '../../../common/hcl/line-map.js'
import type { HclItem, HclValue } from '../../../common/hcl/parser.js'
import { diagnoseAll, dotted, duplicateKey, protoFault, protoKey } from './fault.js'
import { parseHcl } from './hcl-file.js'
import { findPlace } from './places.js'
import type { Place } from './places.js'
import type { Document, ListKeys, ParseResult } from './types.js'

/** Reads HCL into the shape that JSON of the same meaning has: repeated blocks make a list, labels nest. */
export function parseHclDocument(file: string, text: string, listKeys: ListKeys = usualListKeys): ParseResult {
  const parsed = parseHcl(file, text)
  if (!parsed.ok) return parsed
  const lines = new LineMap(text)
  const builder = new Builder(lines, listKeys)
  const root: Place = { key: 0, value: 0 }
  const value = builder.object(parsed.file.items, [], root)
  return {
    ok: true,
    document: new HclDocument(value, root, lines),
    diagnostics: diagnoseAll(file, lines, builder.faults),
  }
}

/** Enough for service, check and watch files; the agent's own settings need the schema's answer. */
const usualListKeys: ListKeys = path => {
  const key = String(path.at(-1))
  return /^(?:services|checks|watches)$/i.test(key) ? 'list' : /^(?:service|check)$/i.test(key) ? 'object' : 'unknown'
}

class HclDocument implements Document {
  readonly value: Readonly<Record<string, unknown>>
  readonly #root: Place
  readonly #lines: LineMap

  constructor(value: Readonly<Record<string, unknown>>, root: Place, lines: LineMap) {
    this.value = value
    this.#root = root
    this.#lines = lines
  }

  locate(path: readonly (string | number)[], what: 'key' | 'value' = 'value'): LineColumn {
    return this.#lines.place(findPlace(this.#root, path)[what])
  }
}

type Path = readonly (string | number)[]

/** An object while its items are put into it. */
interface Scope {
  readonly value: Record<string, unknown>
  readonly path: Path
  readonly members: Map<string | number, Place>
  /** What each key first came from. */
  readonly written: Map<string, HclItem>
  /** The objects that labels made. */
  readonly labelled: Map<string, Scope>
}

class Builder {
  readonly faults: Fault[] = []
  readonly #lines: LineMap
  readonly #listKeys: ListKeys

  constructor(lines: LineMap, listKeys: ListKeys) {
    this.#lines = lines
    this.#listKeys = listKeys
  }

  /** The items of one pair of braces as an object; their places go into `place`. */
  object(items: readonly HclItem[], path: Path, place: Place): Record<string, unknown> {
    const scope = newScope({}, path, place)
    for (const item of items) this.#put(scope, item)
    return scope.value
  }

  #put(scope: Scope, item: HclItem): void {
    const bad = [item.key, ...item.labels].find(key => key.text === protoKey)
    if (bad !== undefined) {
      this.faults.push(protoFault([...scope.path, protoKey], bad.at))
      return
    }
    const { text } = item.key
    const before = scope.written.get(text)
    if (item.labels.length > 0) this.#putLabelled(scope, item)
    else if (before === undefined) this.#putFirst(scope, item)
    else this.#putAgain(scope, item, before)
    scope.written.set(text, before ?? item)
  }

  #putFirst(scope: Scope, item: HclItem): void {
    const path = [...scope.path, item.key.text]
    const list = item.value.type === 'object' && this.#listKeys(path) === 'list'
    const place: Place = { key: item.key.at, value: item.value.at }
    scope.members.set(item.key.text, place)
    if (!list) {
      scope.value[item.key.text] = this.#value(item.value, path, place)
      return
    }
    const element: Place = { key: item.key.at, value: item.value.at }
    place.members = new Map([[0, element]])
    scope.value[item.key.text] = [this.#value(item.value, [...path, 0], element)]
  }

  /** A second block adds to a list; anything else that is there already is an error. */
  #putAgain(scope: Scope, item: HclItem, before: HclItem): void {
    const { text, at } = item.key
    const path = [...scope.path, text]
    const kind = this.#listKeys(path)
    if (item.assigned || before.assigned || before.labels.length > 0 || kind === 'object') {
      const hint = !item.assigned && kind === 'object' ? severalHint(text) : undefined
      this.faults.push(duplicateKey(this.#lines, path, before.key.at, at, hint))
      return
    }
    const present = scope.value[text]
    const place = scope.members.get(text)
    if (place === undefined) return
    if (!Array.isArray(present)) {
      const first: Place = {
        key: place.key,
        value: place.value,
        ...(place.members === undefined ? {} : { members: place.members }),
      }
      place.members = new Map([[0, first]])
      scope.value[text] = [present]
    }
    const list = scope.value[text] as unknown[]
    const element: Place = { key: at, value: item.value.at }
    place.members?.set(list.length, element)
    list.push(this.#value(item.value, [...path, list.length], element))
  }

  /** `key "a" "b" { ... }` is `{key: {a: {b: {...}}}}`; blocks that share their first labels share those objects. */
  #putLabelled(scope: Scope, item: HclItem): void {
    const path = [...scope.path, item.key.text]
    if (this.#listKeys(path) === 'list') {
      const label = item.labels[0]
      const message = `"${item.key.text}" takes no label, found "${label?.text ?? ''}"`
      this.faults.push({
        code: 'unexpected-label',
        at: label?.at ?? item.key.at,
        key: dotted(path),
        message,
        hint: `write ${item.key.text} { name = "${label?.text ?? ''}" }`,
      })
      return
    }
    const inner = this.#labelScope(scope, item)
    if (inner === undefined) return
    const [first, ...rest] = item.labels
    if (first !== undefined) this.#put(inner, { ...item, key: first, labels: rest })
  }

  #labelScope(scope: Scope, item: HclItem): Scope | undefined {
    const { text, at } = item.key
    const present = scope.labelled.get(text)
    if (present !== undefined) return present
    const before = scope.written.get(text)
    const path = [...scope.path, text]
    if (before !== undefined) {
      this.faults.push(duplicateKey(this.#lines, path, before.key.at, at))
      return undefined
    }
    const place: Place = { key: at, value: item.labels[0]?.at ?? at }
    const inner = newScope({}, path, place)
    scope.value[text] = inner.value
    scope.members.set(text, place)
    scope.labelled.set(text, inner)
    return inner
  }

  #value(value: HclValue, path: Path, place: Place): unknown {
    if (value.type === 'object') return this.object(value.items, path, place)
    if (value.type !== 'list') return value.value
    const members = (place.members = new Map<string | number, Place>())
    return value.elements.map((element, index) => {
      const here: Place = { key: element.at, value: element.at }
      members.set(index, here)
      return this.#value(element, [...path, index], here)
    })
  }
}

function newScope(value: Record<string, unknown>, path: Path, place: Place): Scope {
  const members = (place.members = new Map<string | number, Place>())
  return { value, path, members, written: new Map(), labelled: new Map() }
}

const severalHint = (key: string): string | undefined =>
  /^(?:service|check)$/i.test(key)
    ? `write ${key.toLowerCase()}s { ... } for each of them`
    : 'put their attributes into one block'
