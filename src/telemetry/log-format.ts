import { printable } from '../common/printable.js'
import type { LogLevel } from './types.js'

/**
 * A line as pino has written it: `@level`, `@timestamp`, `@module` (absent for the root), `@message` and the fields.
 */
export type LogRecord = Readonly<Record<string, unknown>>

/** Severity as a number, rising. */
export const severity: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50 }

const tags: Readonly<Record<LogLevel, string>> = {
  trace: '[TRACE]',
  debug: '[DEBUG]',
  info: '[INFO] ',
  warn: '[WARN] ',
  error: '[ERROR]',
}
const colors: Readonly<Record<LogLevel, string>> = {
  trace: '\u001b[90m',
  debug: '\u001b[36m',
  info: '\u001b[32m',
  warn: '\u001b[33m',
  error: '\u001b[31m',
}

/** The level of a record; `info` for one that has none. */
export function levelOf(record: LogRecord): LogLevel {
  const level = record['@level']
  return typeof level === 'string' && level in severity ? (level as LogLevel) : 'info'
}

/**
 * A line for people, in Consul's form: `2026-01-01T00:00:00.000Z [INFO]  agent: message: key=value other="two words"`.
 */
export function formatText(record: LogRecord, colored = false): string {
  const { '@level': _level, '@timestamp': time, '@module': part, '@message': message, ...fields } = record
  const level = levelOf(record)
  const tag = colored ? `${colors[level]}${tags[level]}\u001b[0m` : tags[level]
  const pairs = Object.entries(fields).map(([name, value]) => `${printable(name)}=${fieldText(value)}`)
  const who = typeof part === 'string' ? `${printable(part)}: ` : ''
  const head = `${String(time)} ${tag} ${who}${printable(typeof message === 'string' ? message : '')}`
  return pairs.length === 0 ? head : `${head}: ${pairs.join(' ')}`
}

function fieldText(value: unknown): string {
  const bare = typeof value === 'string' && value !== '' && !/[\s"=\p{Cc}]/u.test(value)
  return bare ? value : printable(JSON.stringify(value))
}
