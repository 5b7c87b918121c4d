import { Reader, Writer } from '../common/protobuf.js'

/*
 * The two messages of grpc.health.v1: `HealthCheckRequest { string service = 1 }` and
 * `HealthCheckResponse { ServingStatus status = 1 }`.
 */

/** The bytes of a request. */
export function encodeHealthRequest(service: string): Buffer {
  const writer = new Writer()
  writer.text(1, service)
  return writer.finish()
}

/** The tag of a response's status: field 1, a number. */
const statusTag = 0x08

/**
 * The status number of a response; 0 (UNKNOWN) when it is absent, as protobuf has it.
 * @throws MalformedMessage for bytes that are no message
 */
export function decodeServingStatus(bytes: Buffer): number {
  const reader = new Reader(bytes)
  let status = 0
  while (reader.more) {
    const tag = reader.tag()
    if (tag === statusTag) status = reader.integer()
    else reader.skip(tag)
  }
  return status
}

/** `NOT_SERVING` for 2, and so on. */
export const servingStatusName = (status: number): string =>
  ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'][status] ?? `status ${status}`
