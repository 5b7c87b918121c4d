import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { FreePages } from './lmdb-free-pages.js'
import {
  branchNode,
  flagsOf,
  freeSpace,
  leafNode,
  nodeCount,
  noPage,
  overflowLength,
  overflowPages,
  overflowValueAt,
  pageFlags,
  pageNumber,
  pageRoom,
  pageSize,
  pageTransaction,
  readMeta,
  type LeafNode,
  type Meta,
  type TreeHead,
} from './lmdb-pages.js'

/** The most that LMDB nests its pages. */
const deepest = 32
/** A key that LMDB takes at this size of pages. */
const maxKeyLength = 1978
/** Address space that a process can have; a larger map cannot be one that was asked for. */
const maxMapSize = 2 ** 46
/**
 * LMDB's flag, kept in the file, for trees whose keys are numbers, as the numbers of transactions in the tree of free
 * pages are.
 */
const numberKeys = 0x08

/** Ends the walk: the file is damaged, and this is how. */
class Damage extends Error {
  /** Another program, which sets other flags, may have written the file. */
  readonly foreign: boolean

  constructor(message: string, foreign = false) {
    super(message)
    this.foreign = foreign
  }
}

/**
 * Reads all pages of a data file as LMDB would and says what makes no sense; undefined when LMDB can work on it.
 * `foreign`: another program may have made it, with settings that this store does not use. LMDB itself follows whatever
 * a page says into the memory behind it, which ends the process or loses keys silently. What values hold is not looked
 * at: records carry checksums. Reads a page at a time; 100,000 records take some 100 ms.
 * @throws the system's error, when the file cannot be read
 */
export function damageOf(file: string): { readonly what: string; readonly foreign: boolean } | undefined {
  const descriptor = openSync(file, 'r')
  try {
    new Walk(descriptor).run()
    return undefined
  } catch (thrown) {
    if (thrown instanceof Damage) return { what: thrown.message, foreign: thrown.foreign }
    throw thrown
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The number of the newest transaction in a data file: it changes when somebody writes. Undefined when it cannot be
 * told.
 */
export function newestTransaction(file: string): number | undefined {
  const descriptor = openSync(file, 'r')
  try {
    const [first, second] = [0, 1].map(number => readMeta(pageAt(descriptor, number, Buffer.alloc(pageSize)), number))
    return typeof first !== 'object' || typeof second !== 'object'
      ? undefined
      : Math.max(first.transaction, second.transaction)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The value of a key in a data file that another process may be writing to; undefined where there is none, or none that
 * can be found. LMDB leaves the pages of the newest transaction alone until two more have been written, which is long
 * enough to look.
 */
export function valueIn(file: string, key: Buffer): Buffer | undefined {
  const descriptor = openSync(file, 'r')
  try {
    const metas = [0, 1]
      .map(number => readMeta(pageAt(descriptor, number, Buffer.alloc(pageSize)), number))
      .filter(meta => typeof meta === 'object')
    const main = metas.reduce<Meta | undefined>(
      (newest, meta) => (newest !== undefined && newest.transaction >= meta.transaction ? newest : meta),
      undefined,
    )?.main
    let number = main?.root ?? noPage
    for (
      let depth = 1;
      main !== undefined && depth <= Math.min(main.depth, deepest) && number >= 0 && number <= maxMapSize / pageSize;
      depth++
    ) {
      const page = pageAt(descriptor, number, Buffer.alloc(pageSize))
      if (page.length < pageSize || nodeCount(page) > pageRoom / 2) return undefined
      const indexes = [...Array(nodeCount(page)).keys()]
      if (depth === main.depth)
        return indexes
          .map(index => leafNode(page, index))
          .find(node => node?.overflow === undefined && node?.key.equals(key) === true)?.value
      // The first key of a branch page is empty, which sorts before all others.
      number =
        indexes.map(index => branchNode(page, index)).findLast(node => node !== undefined && node.key.compare(key) <= 0)
          ?.child ?? noPage
    }
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

function pageAt(descriptor: number, number: number, into: Buffer): Buffer {
  return into.subarray(0, readSync(descriptor, into, 0, pageSize, number * pageSize))
}

/** What is found of a tree while it is walked through. */
interface Found {
  readonly name: string
  readonly compare: (a: Buffer, b: Buffer) => number
  readonly leaf: (node: LeafNode) => void
  readonly depth: number
  branchPages: number
  leafPages: number
  overflowPages: number
  entries: number
  /** The key before, copied: its page's memory is used again. */
  last: Buffer | undefined
  /** What the next leaf's keys must not be smaller than. */
  least: Buffer | undefined
}

class Walk {
  readonly #descriptor: number
  /** Whole pages that the file has. */
  readonly #pages: number
  /** Pages in use, a byte each. */
  readonly #used: Uint8Array
  /** Memory for a page at each depth. */
  readonly #memory: Buffer[] = []
  #meta: Meta

  constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#pages = Math.floor(fstatSync(descriptor).size / pageSize)
    this.#used = new Uint8Array(this.#pages)
    this.#meta = this.#newest()
  }

  run(): void {
    const { free, main, lastPage } = this.#meta
    const listed = new FreePages(lastPage)
    this.#tree('free pages', free, compareNumbers, node => {
      if (node.key.length !== 8) throw new Damage('a list of free pages is of no transaction')
      const fault = listed.add(
        node.overflow === undefined ? node.value : this.#overflowValue(node.overflow.page, node.length),
      )
      if (fault !== undefined) throw new Damage(fault)
    })
    this.#tree(
      'records',
      main,
      (a, b) => a.compare(b),
      () => undefined,
    )
    const both = listed.firstOf(page => this.#used[page] === 1)
    if (both !== undefined) throw new Damage(`page ${both} is in use and counts as free`)
    // LMDB may have freed its last pages before it ever wrote them; all others must be there.
    if (lastPage >= this.#pages && listed.countFrom(this.#pages) !== lastPage + 1 - this.#pages) {
      throw new Damage(`it has ${this.#pages} pages instead of ${lastPage + 1}: it was cut short`)
    }
  }

  /** The meta page that counts. Each transaction writes the one whose turn it is, so they are always one apart. */
  #newest(): Meta {
    const metas = [0, 1].map(number => {
      const meta = readMeta(pageAt(this.#descriptor, number, Buffer.alloc(pageSize)), number)
      if (typeof meta === 'string') throw new Damage(meta)
      const { flags, main, mapSize, lastPage, transaction } = meta
      if (flags !== numberKeys || main.flags !== 0)
        throw new Damage(`page ${number} has flags that this store does not set`, true)
      if (mapSize % pageSize !== 0 || mapSize > maxMapSize || lastPage < 1 || lastPage * pageSize > maxMapSize)
        throw new Damage(`page ${number} has an impossible size of the file`)
      if (transaction !== 0 && transaction % 2 !== number)
        throw new Damage(`page ${number} has the number of another transaction`)
      return meta
    })
    const [first, second] = metas
    if (first === undefined || second === undefined) throw new Damage('it has no meta pages')
    if (Math.abs(first.transaction - second.transaction) !== 1 && first.transaction + second.transaction !== 0) {
      throw new Damage(
        `its meta pages are of transactions ${first.transaction} and ${second.transaction}, which do not follow each other`,
      )
    }
    return first.transaction >= second.transaction ? first : second
  }

  #tree(name: string, head: TreeHead, compare: Found['compare'], leaf: Found['leaf']): void {
    const found: Found = {
      name,
      compare,
      leaf,
      depth: head.depth,
      branchPages: 0,
      leafPages: 0,
      overflowPages: 0,
      entries: 0,
      last: undefined,
      least: undefined,
    }
    if (head.depth > deepest) throw new Damage(`the tree of ${name} is ${head.depth} pages deep`)
    if ((head.root === noPage) !== (head.depth === 0)) throw new Damage(`the tree of ${name} has no beginning`)
    if (head.root !== noPage) this.#page(head.root, 1, found)
    for (const what of ['entries', 'branchPages', 'leafPages', 'overflowPages'] as const) {
      if (found[what] !== head[what])
        throw new Damage(`the tree of ${name} has ${found[what]} ${words[what]} instead of ${head[what]}`)
    }
  }

  #page(number: number, depth: number, found: Found): void {
    const page = this.#read(number, depth, found.name)
    const isLeaf = depth === found.depth
    const { from, to } = freeSpace(page)
    if (flagsOf(page) !== (isLeaf ? pageFlags.leaf : pageFlags.branch))
      throw new Damage(`page ${number} is not what the tree of ${found.name} has there`)
    if (from % 2 !== 0 || from > to || to > pageRoom || nodeCount(page) < (isLeaf ? 1 : 2))
      throw new Damage(`page ${number} has an impossible free space`)
    const size = isLeaf ? this.#leaf(page, number, found) : this.#branch(page, number, depth, found)
    // Nodes stand one after the other up to the page's end.
    if (size !== pageRoom - to) throw new Damage(`page ${number} has entries of an impossible size`)
  }

  #leaf(page: Buffer, number: number, found: Found): number {
    found.leafPages++
    let size = 0
    for (let index = 0; index < nodeCount(page); index++) {
      const node = leafNode(page, index)
      if (node === undefined) throw new Damage(`an entry of page ${number} makes no sense`)
      if (node.overflow !== undefined) this.#overflow(node.overflow, node.length, found)
      if (!inOrder(node.key, found) || (found.least !== undefined && found.compare(found.least, node.key) > 0))
        throw new Damage(`page ${number} has keys out of order`)
      found.least = undefined
      found.leaf(node)
      found.entries++
      found.last = node.key
      size += node.size
    }
    if (found.last !== undefined) found.last = Buffer.from(found.last)
    return size
  }

  #branch(page: Buffer, number: number, depth: number, found: Found): number {
    found.branchPages++
    let size = 0
    for (let index = 0; index < nodeCount(page); index++) {
      const node = branchNode(page, index)
      if (node === undefined) throw new Damage(`an entry of page ${number} makes no sense`)
      // All earlier keys must be below this separator key and all later ones not, or lookups would miss them.
      if (index > 0) {
        if (!inOrder(node.key, found)) throw new Damage(`page ${number} has keys out of order`)
        found.least = node.key
      }
      this.#page(node.child, depth + 1, found)
      size += node.size
    }
    return size
  }

  #overflow({ page, pages }: { readonly page: number; readonly pages: number }, length: number, found: Found): void {
    const first = this.#read(page, found.depth + 1, found.name)
    // A value that was replaced by a shorter one within a transaction keeps its pages.
    if (flagsOf(first) !== pageFlags.overflow || pages < overflowPages(length) || overflowLength(first) !== pages) {
      throw new Damage(`page ${page} is not the value of ${length} bytes that it should be`)
    }
    for (let more = page + 1; more < page + pages; more++) this.#use(more, found.name)
    found.overflowPages += pages
  }

  #overflowValue(page: number, length: number): Buffer {
    const value = Buffer.alloc(length)
    return value.subarray(0, readSync(this.#descriptor, value, 0, length, page * pageSize + overflowValueAt))
  }

  #read(number: number, depth: number, tree: string): Buffer {
    this.#use(number, tree)
    const memory = (this.#memory[depth] ??= Buffer.allocUnsafe(pageSize))
    const page = pageAt(this.#descriptor, number, memory)
    if (pageNumber(page) !== number)
      throw new Damage(`page ${number} has other content than that of the tree of ${tree}`)
    if (pageTransaction(page) > this.#meta.transaction)
      throw new Damage(`page ${number} is of a transaction that never was`)
    return page
  }

  /** Notes that a page is in use, which it can be once. */
  #use(number: number, tree: string): void {
    if (number < 2 || number > this.#meta.lastPage)
      throw new Damage(`the tree of ${tree} leads to page ${number}, which there is not`)
    if (number >= this.#pages)
      throw new Damage(`it has ${this.#pages} pages, and the tree of ${tree} needs page ${number}: it was cut short`)
    if (this.#used[number] === 1) throw new Damage(`page ${number} is used twice`)
    this.#used[number] = 1
  }
}

/** Whether a key can follow those before it. */
const inOrder = (key: Buffer, { last, compare }: Found): boolean =>
  key.length > 0 && key.length <= maxKeyLength && (last === undefined || compare(last, key) < 0)

/** Keys that are numbers of transactions; those that are none count as equal, and so as out of order. */
function compareNumbers(a: Buffer, b: Buffer): number {
  return a.length !== 8 || b.length !== 8 ? 0 : Number(a.readBigUInt64LE() - b.readBigUInt64LE())
}

const words = {
  entries: 'entries',
  branchPages: 'pages above its leaves',
  leafPages: 'leaves',
  overflowPages: 'pages of long values',
} as const
