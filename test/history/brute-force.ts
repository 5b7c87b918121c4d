import type { Operation } from './checker.js'
import type { Output } from './register.js'

/** A key as a plain register: the other way to say what `register.ts` says, for one operation after the other. */
export class PlainKey {
  value: string | undefined
  index = 0
  session: string | undefined

  /** Does it, gives a written version this index, and tells the client. */
  apply(input: Operation['input'], index: number): Output {
    const put = (value: string, session = this.session): Output => {
      Object.assign(this, { value, index, session })
      return { done: true }
    }
    const remove = (): Output => {
      Object.assign(this, { value: undefined, index: 0, session: undefined })
      return { done: true }
    }
    const no: Output = { done: false }
    if (input.kind === 'get') {
      if (this.value === undefined) return { read: undefined }
      return {
        read: {
          value: this.value,
          index: this.index,
          ...(this.session === undefined ? {} : { session: this.session }),
        },
      }
    }
    if (input.kind === 'put') return put(input.value)
    if (input.kind === 'delete') return remove()
    if (input.kind === 'cas') return input.index === this.index ? put(input.value) : no
    if (input.kind === 'delete-cas') return this.value === undefined || input.index === this.index ? remove() : no
    if (input.kind === 'acquire')
      return this.session === undefined || this.session === input.session ? put(input.value, input.session) : no
    if (this.session !== input.session) return no
    this.session = undefined
    return put(input.value)
  }
}

/**
 * Whether some order explains a history of one key, by trying every order of every subset that holds all known
 * operations. For a handful of them.
 */
export function explainable(history: readonly Operation[], indexes: ReadonlyMap<string, number>): boolean {
  const order: Operation[] = []
  const left = new Set(history)
  const extend = (): boolean => {
    if ([...left].every(operation => operation.output === undefined) && holds(order, indexes)) return true
    for (const operation of [...left]) {
      left.delete(operation)
      order.push(operation)
      if (extend()) return true
      order.pop()
      left.add(operation)
    }
    return false
  }
  return extend()
}

function holds(order: readonly Operation[], indexes: ReadonlyMap<string, number>): boolean {
  const late = order.some((operation, at) =>
    order.slice(at + 1).some(after => (after.returned ?? Infinity) < operation.called),
  )
  if (late) return false
  const key = new PlainKey()
  let newest = 0
  // Versions that nobody read have indexes between the others; nobody can have asked for them.
  let unread = 0
  for (const { input, output } of order) {
    const known = 'value' in input ? indexes.get(input.value) : undefined
    const before = key.value
    const told = key.apply(input, known ?? --unread)
    if (output !== undefined && JSON.stringify(told) !== JSON.stringify(output)) return false
    if (known === undefined || key.value === before || key.value !== ('value' in input ? input.value : undefined))
      continue
    if (known <= newest) return false
    newest = known
  }
  return true
}
