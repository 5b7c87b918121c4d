import { flagIsSet } from '../../common/flags.js'
import type { ParsedFlags } from '../../common/flags.js'
import { agentFlags } from '../agent-flags.js'
import type { AgentFlag } from '../agent-flags.js'
import type { Finding } from './finding.js'
import { keyNotes } from './key-notes.js'
import { dotted } from './keys.js'
import { schemaFindings } from './schema-findings.js'
import type { Diagnostic } from '../types.js'

/** The command line as two sources of settings: what goes before the files, and what wins over them. */
export interface FlagSettings {
  readonly first: Readonly<Record<string, unknown>>
  readonly last: Readonly<Record<string, unknown>>
  readonly diagnostics: readonly Diagnostic[]
}

/** What -dev changes of the defaults; files and flags win over it. */
const devDefaults = {
  server: true,
  bind_addr: '127.0.0.1',
  log_level: 'DEBUG',
  enable_debug: true,
  ui_config: { enabled: true },
}

/** Turns flags into settings, validated as files are; findings name the flag and have no place. */
export function flagSettings(flags: ParsedFlags): FlagSettings {
  const diagnostics: Diagnostic[] = []
  const lists: Record<string, unknown> = {}
  const last: Record<string, unknown> = {}
  const byKey = new Map<string, AgentFlag>()
  for (const flag of agentFlags) {
    const values = flags.values.get(flag.name)
    if (flag.key === undefined || values === undefined) continue
    byKey.set(flag.key, flag)
    if (flag.shape === 'list') put(lists, flag.key, values)
    else if (flag.shape === 'pair') put(last, flag.key, pairs(flag, values, diagnostics))
    else
      put(
        last,
        flag.key,
        flag.type === 'int' ? Number(values.at(-1)) : flag.type === 'bool' ? values.at(-1) === 'true' : values.at(-1),
      )
  }
  const findings = [lists, last].map(value => [...schemaFindings(value).findings, ...keyNotes(value).findings])
  for (const { path, severity, code, message, hint } of findings.flat()) {
    const key = dotted(path)
    const flag = byKey.get(key) ?? byKey.get(dotted(path.slice(0, -1)))
    diagnostics.push({
      severity,
      code,
      key,
      message: flag === undefined ? message : `-${flag.name}: ${message}`,
      ...(hint === undefined ? {} : { hint }),
    })
  }
  return { first: withoutErrors(lists, findings[0]), last: withoutErrors(last, findings[1]), diagnostics }
}

/** What was said to be wrong is not judged a second time with the files. */
const withoutErrors = (
  value: Readonly<Record<string, unknown>>,
  findings: readonly Finding[] = [],
): Readonly<Record<string, unknown>> => {
  const wrong = new Set(findings.flatMap(({ severity, path }) => (severity === 'error' ? (path[0] ?? []) : [])))
  return Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key)))
}

/** The settings that -dev begins with; none without it. */
export const devSettings = (flags: ParsedFlags): Readonly<Record<string, unknown>> =>
  flagIsSet(flags, 'dev') ? devDefaults : {}

function pairs(
  flag: AgentFlag,
  values: readonly string[],
  diagnostics: Diagnostic[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    values.flatMap(value => {
      const colon = value.indexOf(':')
      if (colon > 0) return [[value.slice(0, colon), value.slice(colon + 1)]]
      diagnostics.push({
        severity: 'error',
        code: 'bad-flag',
        message: `-${flag.name} takes KEY:VALUE, found ${JSON.stringify(value)}`,
      })
      return []
    }),
  )
}

function put(into: Record<string, unknown>, key: string, value: unknown): void {
  const [first = '', ...rest] = key.split('.')
  if (rest.length === 0) into[first] = value
  else put((into[first] ??= {}) as Record<string, unknown>, rest.join('.'), value)
}
