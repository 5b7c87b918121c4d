import { MusterError } from '../common/errors.js'
import { fieldsOf } from '../common/plain-data.js'
import { version } from '../common/version.js'

/**
 * The versions of the protocol that this program speaks, lowest and highest. Raise the second for what older agents can
 * do without.
 */
const supported = { lowest: 1, highest: 1 } as const

/** Request and answer headers, lower-case as node gives them. */
export const headers = {
  /** `lowest-highest`, on every request and every answer. */
  protocol: 'muster-protocol',
  /** Marks an answer that carries an error of the other side. */
  error: 'muster-error',
  /** How many agents a request of the HTTP API has come through. */
  hops: 'muster-hops',
} as const

/** What {@link headers.protocol} says of this program. */
export const protocolRange = `${supported.lowest}-${supported.highest}`

/** Where methods are: `POST /rpc/<area>/<verb>`; and the path that answers 204 to say that the agent lives. */
export const methodPath = '/rpc/'
export const pingPath = '/rpc/ping'

/**
 * Agents that a request may come through: a client, a server, a server of another datacenter, and the owner of what it
 * is about.
 */
export const maxHops = 4

/**
 * Whether the other side's range has a version in common with ours.
 * @throws MusterError CLUSTER_PROTOCOL naming both ranges
 */
export function checkProtocol(range: string | undefined, who: string): void {
  const [, lowest, highest] = /^(\d{1,6})-(\d{1,6})$/.exec(range ?? '') ?? []
  if (lowest === undefined || highest === undefined) {
    throw new MusterError('CLUSTER_PROTOCOL', `${who} does not speak muster's protocol`, {
      status: 400,
      hint: 'the cluster port (8301, WAN 8302) is for muster agents only; the HTTP API is on port 8500',
    })
  }
  if (Number(lowest) <= supported.highest && Number(highest) >= supported.lowest) return
  throw new MusterError(
    'CLUSTER_PROTOCOL',
    `${who} speaks versions ${lowest} to ${highest} of the protocol between agents, this one ${supported.lowest} to ${supported.highest} (muster ${version})`,
    {
      status: 400,
      hint: 'bring both agents to releases that have a version in common: upgrade the older one',
    },
  )
}

/** An error as it travels. */
interface ErrorOnTheWire {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly hint?: string
}

/** The bytes of an error for the other side; anything but a MusterError becomes CLUSTER_INTERNAL with its message. */
export function encodeError(thrown: unknown): { readonly status: number; readonly bytes: Buffer } {
  const error =
    thrown instanceof MusterError
      ? thrown
      : new MusterError('CLUSTER_INTERNAL', thrown instanceof Error ? thrown.message : String(thrown))
  const status = error.status >= 400 && error.status <= 599 ? error.status : 500
  const wire: ErrorOnTheWire = {
    code: error.code,
    status,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  }
  return { status, bytes: Buffer.from(JSON.stringify(wire)) }
}

/** Decodes an error thrown by the peer. Anything else becomes CLUSTER_INTERNAL with its text. */
export function decodeError(status: number, text: string): MusterError {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  const { code, message, hint } = fieldsOf(value)
  return new MusterError(
    typeof code === 'string' ? code : 'CLUSTER_INTERNAL',
    typeof message === 'string' ? message : text.slice(0, 500),
    {
      status,
      ...(typeof hint === 'string' ? { hint } : {}),
    },
  )
}
