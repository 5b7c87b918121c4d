/*
 * The layout of LMDB's data file, as version 2 of its format has it on 64-bit little-endian machines (all that the
 * package has binaries for and that this store runs on). A page begins with a header of 24 bytes: number (8),
 * transaction (8), unused (2), flags (2), and for pages of a tree where the free space begins and ends (2 + 2, from
 * behind the header), for overflow pages how many they are (4).
 */

/** Set rather than left to the system, so that files and key lengths are the same everywhere. */
export const pageSize = 4096
const headerSize = 24
/** Bytes of a page behind its header. */
export const pageRoom = pageSize - headerSize

/** How LMDB names a page that there is not: the root of an empty tree. */
export const noPage = -1

/** Flags of pages. */
export const pageFlags = { branch: 0x01, leaf: 0x02, overflow: 0x04, meta: 0x08 } as const

/** LMDB's magic number, and the version of its format. */
const magic = 0xbeefc0de
const formatVersion = 2

/** What a meta page says about one of the two trees: that of free pages, and that of the records. */
export interface TreeHead {
  readonly flags: number
  readonly depth: number
  readonly branchPages: number
  readonly leafPages: number
  readonly overflowPages: number
  readonly entries: number
  readonly root: number
}

/** One of the two meta pages; the one with the higher transaction counts. */
export interface Meta {
  readonly mapSize: number
  readonly flags: number
  readonly free: TreeHead
  readonly main: TreeHead
  readonly lastPage: number
  readonly transaction: number
}

/** A number of 8 bytes; {@link noPage} where all bits are set. Above 2^53 it is not exact, and not meant to be. */
function wide(page: Buffer, at: number): number {
  const low = page.readUInt32LE(at)
  const high = page.readUInt32LE(at + 4)
  return low === 0xffffffff && high === 0xffffffff ? noPage : low + high * 2 ** 32
}

export const pageNumber = (page: Buffer): number => wide(page, 0)
export const pageTransaction = (page: Buffer): number => wide(page, 8)
export const flagsOf = (page: Buffer): number => page.readUInt16LE(18)
/** Of an overflow page: how many pages the value takes. */
export const overflowLength = (page: Buffer): number => page.readUInt32LE(20)
/**
 * Of a page of a tree: where the free space begins (behind the offsets of its nodes) and ends (before the nodes), from
 * behind the header.
 */
export const freeSpace = (page: Buffer): { readonly from: number; readonly to: number } => ({
  from: page.readUInt16LE(20),
  to: page.readUInt16LE(22),
})

/** Reads a meta page; a text that says what is wrong with it when it is none. */
export function readMeta(page: Buffer, number: number): Meta | string {
  if (page.length < pageSize) return `page ${number} is cut off`
  if (page.readUInt32LE(headerSize) !== magic) return 'data.mdb is not a file of LMDB'
  const version = page.readUInt32LE(headerSize + 4)
  if (version !== formatVersion)
    return `page ${number} has version ${version} of LMDB's format instead of ${formatVersion}`
  const size = page.readUInt32LE(headerSize + 24)
  if (flagsOf(page) !== pageFlags.meta || pageNumber(page) !== number)
    return `page ${number} is not what it should be, a meta page`
  if (size !== pageSize) return `page ${number} says that pages have ${size} bytes instead of ${pageSize}`
  const free = treeHead(page, headerSize + 24)
  return {
    mapSize: wide(page, headerSize + 16),
    flags: free.flags,
    free,
    main: treeHead(page, headerSize + 72),
    lastPage: wide(page, headerSize + 120),
    transaction: wide(page, headerSize + 128),
  }
}

const treeHead = (page: Buffer, at: number): TreeHead => ({
  flags: page.readUInt16LE(at + 4),
  depth: page.readUInt16LE(at + 6),
  branchPages: wide(page, at + 8),
  leafPages: wide(page, at + 16),
  overflowPages: wide(page, at + 24),
  entries: wide(page, at + 32),
  root: wide(page, at + 40),
})

/** How many nodes a page of a tree has. */
export const nodeCount = (page: Buffer): number => freeSpace(page).from >> 1

const nodeHeader = 8
/** Flag of a leaf's node whose value is on overflow pages. */
const onOverflow = 0x01
/** What such a node has instead of the value: page (8), transaction (8), number of pages (8). */
const overflowReference = 24

/** A node of a branch: the keys below `child` are not smaller than `key`. The first one's key is empty. */
export interface BranchNode {
  readonly key: Buffer
  readonly child: number
  readonly size: number
}
/** A node of a leaf: a key with its value, or with the first of the overflow pages that have the value. */
export interface LeafNode {
  readonly key: Buffer
  readonly length: number
  readonly overflow: { readonly page: number; readonly pages: number } | undefined
  readonly value: Buffer
  readonly size: number
}

/** Where the node stands, or undefined when that is not within the page. */
function nodeAt(page: Buffer, index: number): number | undefined {
  const offset = page.readUInt16LE(headerSize + 2 * index)
  return offset % 2 !== 0 || offset < freeSpace(page).to || offset + nodeHeader > pageRoom
    ? undefined
    : headerSize + offset
}

/** Bytes that a node takes: an even number. */
const even = (bytes: number): number => bytes + (bytes & 1)

/** A branch's node; undefined when it does not lie within the page. */
export function branchNode(page: Buffer, index: number): BranchNode | undefined {
  const at = nodeAt(page, index)
  if (at === undefined) return undefined
  const keyLength = page.readUInt16LE(at + 6)
  const size = even(nodeHeader + keyLength)
  if (at + size > pageSize) return undefined
  // Branch nodes hold the page number: 32 bits here, and 16 more in the field that leaves use for flags.
  return {
    key: page.subarray(at + nodeHeader, at + nodeHeader + keyLength),
    child: page.readUInt32LE(at) + page.readUInt16LE(at + 4) * 2 ** 32,
    size,
  }
}

/** A leaf's node; undefined when it does not lie within the page or is of a kind that this store does not write. */
export function leafNode(page: Buffer, index: number): LeafNode | undefined {
  const at = nodeAt(page, index)
  if (at === undefined) return undefined
  const length = page.readUInt32LE(at)
  const flags = page.readUInt16LE(at + 4)
  const keyLength = page.readUInt16LE(at + 6)
  if ((flags & ~onOverflow) !== 0) return undefined
  const valueAt = at + nodeHeader + keyLength
  const held = flags === onOverflow ? overflowReference : length
  const size = even(nodeHeader + keyLength + held)
  if (at + size > pageSize) return undefined
  return {
    key: page.subarray(at + nodeHeader, valueAt),
    length,
    size,
    value: page.subarray(valueAt, valueAt + held),
    overflow: flags === onOverflow ? { page: wide(page, valueAt), pages: wide(page, valueAt + 16) } : undefined,
  }
}

/** How many overflow pages a value of so many bytes takes. */
export const overflowPages = (length: number): number => Math.floor((headerSize - 1 + length) / pageSize) + 1

/** Where the value begins on its first overflow page. */
export const overflowValueAt = headerSize
