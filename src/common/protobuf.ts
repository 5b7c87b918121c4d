/** Bytes that are no message of the kind that was expected. */
export class MalformedMessage extends Error {
  constructor(what: string) {
    super(`malformed message: ${what}`)
    this.name = 'MalformedMessage'
  }
}

/** The wire types of protobuf that messages of etcd and of gRPC's health, and their unknown fields, can have. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const firstSize = 256
const two32 = 2 ** 32

/**
 * Writes a protobuf message from its end to its beginning: when the length of a part is to be written, the part is
 * there already. Fields are therefore written in the reverse of their order. What is undefined, or its type's default,
 * is left out.
 */
export class Writer {
  #bytes = Buffer.allocUnsafe(firstSize)
  #at = firstSize

  /** The message, without a copy. Nothing may be written afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (value !== undefined && value.length > 0) this.#lengthDelimited(field, value)
  }

  text(field: number, value: string): void {
    if (value !== '') this.#lengthDelimited(field, Buffer.from(value))
  }

  texts(field: number, values: readonly string[]): void {
    for (let i = values.length - 1; i >= 0; i--) this.#lengthDelimited(field, Buffer.from(values[i] ?? ''))
  }

  flag(field: number, value: boolean | undefined): void {
    if (value === true) this.#number(field, 1)
  }

  /** A number that is a safe integer and not negative. */
  integer(field: number, value: number | undefined): void {
    if (value !== undefined && value !== 0) this.#number(field, value)
  }

  /** The same as one of several alternatives: there it makes a difference whether 0 is written. */
  alternative(field: number, value: number | undefined): void {
    if (value !== undefined) this.#number(field, value)
  }

  /** A number of 64 bits, as decimal text. */
  id(field: number, value: string | undefined): void {
    if (value !== undefined && value !== '0') this.unsigned(field, BigInt.asUintN(64, BigInt(value)))
  }

  /** A number of 64 bits without a sign, also where it is 0: fields that proto2 requires are always there. */
  unsigned(field: number, value: bigint): void {
    let left = value
    const groups: number[] = []
    for (; left >= 128n; left >>= 7n) groups.push(Number(left & 127n) | 128)
    groups.push(Number(left))
    this.#makeRoom(groups.length)
    this.#at -= groups.length
    this.#bytes.set(groups, this.#at)
    this.#varint(field * 8 + wire.varint)
  }

  /** A message within this one; `write` writes its fields. */
  message<Value>(field: number, value: Value | undefined, write: (writer: Writer, value: Value) => void): void {
    if (value === undefined) return
    const left = this.#bytes.length - this.#at
    write(this, value)
    this.#varint(this.#bytes.length - this.#at - left)
    this.#varint(field * 8 + wire.bytes)
  }

  messages<Value>(field: number, values: readonly Value[], write: (writer: Writer, value: Value) => void): void {
    for (let i = values.length - 1; i >= 0; i--) this.message(field, values[i], write)
  }

  #number(field: number, value: number): void {
    this.#varint(value)
    this.#varint(field * 8 + wire.varint)
  }

  #lengthDelimited(field: number, value: Uint8Array): void {
    this.#makeRoom(value.length)
    this.#at -= value.length
    this.#bytes.set(value, this.#at)
    this.#varint(value.length)
    this.#varint(field * 8 + wire.bytes)
  }

  #varint(value: number): void {
    let size = 1
    for (let left = value; left >= 128; left = Math.floor(left / 128)) size++
    this.#makeRoom(size)
    let at = (this.#at -= size)
    let left = value
    for (; left >= 128; left = Math.floor(left / 128)) this.#bytes[at++] = (left % 128) | 128
    this.#bytes[at] = left
  }

  #makeRoom(size: number): void {
    if (this.#at >= size) return
    const written = this.#bytes.subarray(this.#at)
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, written.length + size))
    this.#at = larger.length - written.length
    larger.set(written, this.#at)
    this.#bytes = larger
  }
}

/**
 * Reads a protobuf message field by field: `tag` says which field comes (its number times 8, and its wire type), and
 * one of the others takes its value. Bytes are given as sub-arrays of the message.
 *
 * @throws MalformedMessage from every method, where the bytes do not go on as they must
 */
export class Reader {
  readonly #bytes: Buffer
  #at = 0
  #end: number
  /** The halves of the number that was read last. */
  #low = 0
  #high = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#end = bytes.length
  }

  /** Whether the message goes on. */
  get more(): boolean {
    return this.#at < this.#end
  }

  tag(): number {
    this.#varint()
    if (this.#high !== 0 || this.#low < 8) throw new MalformedMessage('a field has no number')
    return this.#low
  }

  flag(): boolean {
    this.#varint()
    return this.#low !== 0 || this.#high !== 0
  }

  /** @throws MalformedMessage for what no number holds exactly, too */
  integer(): number {
    this.#varint()
    const value = (this.#high | 0) * two32 + this.#low
    if (!Number.isSafeInteger(value)) throw new MalformedMessage('a number is out of bounds')
    return value
  }

  /** A number of 64 bits without a sign. */
  unsigned(): bigint {
    this.#varint()
    return this.#whole()
  }

  /** The same as decimal text. */
  id(): string {
    this.#varint()
    return this.#high === 0 ? String(this.#low) : this.#whole().toString()
  }

  /** A number of 64 bits with a sign, as decimal text. */
  signedId(): string {
    this.#varint()
    return this.#high === 0 ? String(this.#low) : BigInt.asIntN(64, this.#whole()).toString()
  }

  bytes(): Buffer {
    const length = this.#length()
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  text(): string {
    const length = this.#length()
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  /** A message within this one; `read` reads until there is no more of it. */
  message<Value>(read: (reader: Reader) => Value): Value {
    const outer = this.#end
    const length = this.#length()
    this.#end = this.#at + length
    const value = read(this)
    this.#end = outer
    return value
  }

  /** Passes over the value of a field that is not known. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wire.varint:
        this.#varint()
        return
      case wire.bytes:
        this.#pass(this.#length())
        return
      case wire.fixed64:
        this.#pass(8)
        return
      case wire.fixed32:
        this.#pass(4)
        return
      default:
        throw new MalformedMessage(`wire type ${tag & 7} is not a protobuf type that is read here`)
    }
  }

  #whole(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low)
  }

  #pass(count: number): void {
    if (this.#end - this.#at < count) throw new MalformedMessage('it ends too early')
    this.#at += count
  }

  #length(): number {
    this.#varint()
    if (this.#high !== 0 || this.#low > this.#end - this.#at) throw new MalformedMessage('it ends too early')
    return this.#low
  }

  #varint(): void {
    let [low, high] = [0, 0]
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.#at >= this.#end) throw new MalformedMessage('it ends too early')
      const byte = this.#bytes[this.#at++] ?? 0
      const bits = byte & 127
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 128) {
        this.#low = low >>> 0
        this.#high = high >>> 0
        return
      }
    }
    throw new MalformedMessage('a number is too long')
  }
}
