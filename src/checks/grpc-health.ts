/**
 * The two messages of grpc.health.v1, small enough to write by hand:
 * `HealthCheckRequest { string service = 1 }` and `HealthCheckResponse { ServingStatus status = 1 }`.
 */
export function encodeHealthRequest(service: string): Buffer {
  if (service === '') return Buffer.alloc(0)
  const name = Buffer.from(service)
  return Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
}

/**
 * The status number of a response; 0 (UNKNOWN) when it is absent, as protobuf has it. Throws for bytes that are no
 * message.
 */
export function decodeServingStatus(bytes: Buffer): number {
  let status = 0
  let at = 0
  const next = (): number => {
    let value = 0
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('the health response ends too early')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
    throw new Error('the health response holds a number that is too large')
  }
  while (at < bytes.length) {
    const key = next()
    switch (key & 7) {
      case 0: {
        const value = next()
        if (key === 0x08) status = value
        break
      }
      case 1:
        at += 8
        break
      case 2: {
        const length = next()
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        throw new Error('the health response is not a protobuf message')
    }
  }
  return status
}

/** `NOT_SERVING` for 2, and so on. */
export const servingStatusName = (status: number): string =>
  ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? `status ${status}`

function varint(value: number): number[] {
  const bytes = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80)
  return [...bytes, value]
}
