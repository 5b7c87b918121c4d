/**
 * What a client asked of one key. Every write carries a text that no other write of the history carries: so a text
 * names a version.
 */
export type Input =
  | { readonly kind: 'get' }
  | { readonly kind: 'put'; readonly value: string }
  /** Only when the key's ModifyIndex is `index`; 0: only when there is no such key. */
  | { readonly kind: 'cas'; readonly index: number; readonly value: string }
  | { readonly kind: 'delete' }
  | { readonly kind: 'delete-cas'; readonly index: number }
  | { readonly kind: 'acquire'; readonly session: string; readonly value: string }
  | { readonly kind: 'release'; readonly session: string; readonly value: string }

/** A key as a client saw it. */
export interface Version {
  readonly value: string
  readonly index: number
  readonly session?: string
}

/** What the client was told: of a read what it found (undefined: no such key), of a write whether it was done. */
export type Output = { readonly read: Version | undefined } | { readonly done: boolean }

/**
 * One key between two operations: the version that it holds, who holds its lock, and the highest ModifyIndex it is
 * known to have had.
 */
export interface Register {
  readonly value: string | undefined
  readonly session: string | undefined
  readonly floor: number
}

/** A key that nobody has written yet. */
export const emptyRegister: Register = { value: undefined, session: undefined, floor: 0 }

/** ModifyIndex of each version that any read has shown, by its text. */
export type Indexes = ReadonlyMap<string, number>

/**
 * What one operation does to a key, if it happens now and its client is told `output` (undefined: nobody knows what it
 * was told). Undefined when it cannot happen now: the answer would be another.
 */
export function step(
  state: Register,
  input: Input,
  output: Output | undefined,
  indexes: Indexes,
): Register | undefined {
  if (input.kind === 'get') return output === undefined || shows(state, output, indexes) ? state : undefined
  const present = state.value !== undefined
  const index = state.value === undefined ? 0 : (indexes.get(state.value) ?? Number.NaN)
  const may = allowed(input, { present, index, session: state.session })
  if (output !== undefined && (!('done' in output) || output.done !== may)) return undefined
  return may ? written(state, input, indexes) : state
}

function shows(state: Register, output: Output, indexes: Indexes): boolean {
  if (!('read' in output)) return false
  if (output.read === undefined) return state.value === undefined
  return (
    output.read.value === state.value
    && output.read.session === state.session
    && output.read.index === indexes.get(output.read.value)
  )
}

/** Whether a write would be done. A version whose index no read has shown has one that no client can have asked for. */
function allowed(
  input: Exclude<Input, { kind: 'get' }>,
  now: { readonly present: boolean; readonly index: number; readonly session: string | undefined },
): boolean {
  switch (input.kind) {
    case 'put':
    case 'delete':
      return true
    case 'cas':
      return now.index === input.index
    case 'delete-cas':
      return !now.present || now.index === input.index
    case 'acquire':
      return now.session === undefined || now.session === input.session
    case 'release':
      return now.session === input.session
  }
}

function written(state: Register, input: Exclude<Input, { kind: 'get' }>, indexes: Indexes): Register | undefined {
  if (input.kind === 'delete' || input.kind === 'delete-cas')
    return { value: undefined, session: undefined, floor: state.floor }
  const index = indexes.get(input.value)
  // A later write has a higher ModifyIndex.
  if (index !== undefined && index <= state.floor) return undefined
  const session = input.kind === 'acquire' ? input.session : input.kind === 'release' ? undefined : state.session
  return { value: input.value, session, floor: index ?? state.floor }
}
