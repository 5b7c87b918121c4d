interface Node<Value> {
  /** What leads from the node above to this one. */
  label: string
  value: Value | undefined
  /** By the first unit of their labels. */
  readonly children: Map<number, Node<Value>>
}

const newNode = <Value>(label: string, value: Value | undefined): Node<Value> => ({ label, value, children: new Map() })

/**
 * Values by the beginnings of names that they are for. To find the longest one costs as many steps as there are
 * beginnings of that name in the tree.
 */
export class PrefixTree<Value> {
  readonly #root = newNode<Value>('', undefined)

  /** Puts a value in the place of the one that was there. */
  set(prefix: string, value: Value): void {
    let node = this.#root
    let at = 0
    while (at < prefix.length) {
      const child = node.children.get(prefix.charCodeAt(at))
      if (child === undefined) {
        node.children.set(prefix.charCodeAt(at), newNode(prefix.slice(at), value))
        return
      }
      const shared = sharedLength(child.label, prefix, at)
      node = shared === child.label.length ? child : split(node, child, shared)
      at += shared
    }
    node.value = value
  }

  /** The value of the longest beginning that `text` has. */
  longest(text: string): Value | undefined {
    let node = this.#root
    let found = node.value
    for (let at = 0; at < text.length; at += node.label.length) {
      const child = node.children.get(text.charCodeAt(at))
      if (child === undefined || !text.startsWith(child.label, at)) break
      node = child
      if (child.value !== undefined) found = child.value
    }
    return found
  }

  /** All beginnings with their values. */
  entries(): Generator<readonly [prefix: string, value: Value]> {
    return entriesOf(this.#root, '')
  }

  /** The values of all beginnings that begin with `prefix` themselves. */
  *below(prefix: string): Generator<Value> {
    let node = this.#root
    for (let at = 0; at < prefix.length; at += node.label.length) {
      const child = node.children.get(prefix.charCodeAt(at))
      const rest = prefix.slice(at)
      if (child === undefined || !(child.label.startsWith(rest) || rest.startsWith(child.label))) return
      node = child
    }
    yield* valuesOf(node)
  }
}

function* valuesOf<Value>(node: Node<Value>): Generator<Value> {
  if (node.value !== undefined) yield node.value
  for (const child of node.children.values()) yield* valuesOf(child)
}

function* entriesOf<Value>(node: Node<Value>, above: string): Generator<readonly [string, Value]> {
  const prefix = above + node.label
  if (node.value !== undefined) yield [prefix, node.value]
  for (const child of node.children.values()) yield* entriesOf(child, prefix)
}

function sharedLength(label: string, text: string, at: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}

/** Puts a node between two, where the lower one's label is cut. */
function split<Value>(above: Node<Value>, below: Node<Value>, at: number): Node<Value> {
  const between = newNode<Value>(below.label.slice(0, at), undefined)
  above.children.set(between.label.charCodeAt(0), between)
  below.label = below.label.slice(at)
  between.children.set(below.label.charCodeAt(0), below)
  return between
}
