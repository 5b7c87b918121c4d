import type { LogLevel } from '../telemetry/index.js'

/** A line of etcd's log. */
export interface EtcdLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Warnings about what is meant so (the socket is open to this user only, etcd's users are not used, large requests are
 * allowed), and about connections that come and go with servers: that a server failed or returned is said once, by the
 * agent.
 */
const meant = new Set([
  'simple token is not cryptographically signed',
  'serving client traffic insecurely; this is strongly discouraged!',
  'exceeded recommended request limit',
  'established TCP streaming connection with remote peer',
  'closed TCP streaming connection with remote peer',
  'stopped TCP streaming connection with remote peer',
  'lost TCP streaming connection with remote peer',
  'failed to find remote peer in cluster',
  'prober detected unhealthy status',
  'prober found high clock drift',
])

/** Characters of one field that are kept; a whole state may stand in a warning about a slow request. */
const maxFieldLength = 1000

/** Reads a line: zap's JSON, or the bare text of the Go runtime. What etcd tells at `info` is detail here. */
export function parseLine(text: string): EtcdLine {
  const record = readRecord(text)
  if (record === undefined) {
    return {
      level: /^(panic|fatal error):/.test(text) ? 'error' : 'debug',
      message: text.slice(0, maxFieldLength),
      fields: {},
    }
  }
  const { level, ts: _time, caller: _caller, stacktrace: _stack, msg, ...fields } = record
  const message = typeof msg === 'string' ? msg : ''
  return {
    level: meant.has(message) ? 'debug' : (levels[String(level)] ?? 'error'),
    message,
    fields: shortened(fields),
  }
}

/** What tells why etcd ended: the message and its `error`. */
export const lineText = ({ message, fields }: EtcdLine): string =>
  typeof fields.error === 'string' ? `${message}: ${fields.error}` : message

const levels: Readonly<Record<string, LogLevel>> = { debug: 'trace', info: 'debug', warn: 'warn' }

function readRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    return undefined
  }
}

const shortened = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' && value.length > maxFieldLength ? `${value.slice(0, maxFieldLength)}...` : value,
    ]),
  )
