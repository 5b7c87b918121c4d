import { MusterError } from './errors.js'
import { parseBool } from './parse-bool.js'
import { nearest } from './nearest.js'

/**
 * One command-line flag. Booleans take no value unless it follows `=`; all others take `=value` or the next argument.
 */
export interface FlagSpec {
  readonly name: string
  /** Other spellings that mean the same. */
  readonly aliases?: readonly string[]
  readonly type: 'string' | 'int' | 'bool'
  /** May be given more than once; otherwise the last one counts. */
  readonly repeatable?: boolean
  /** One line for `-h`. */
  readonly help: string
  /** What stands for the value in `-h`: `-node=NAME`. */
  readonly placeholder?: string
}

/** Flags as given, by their main name and in order, and the arguments after them. */
export interface ParsedFlags {
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly positional: readonly string[]
}

/**
 * Reads flags the way Go programs do: one dash or two, `=` or a space, `--` ends them, and so does the first positional
 * argument (unless `interspersed`, for commands where flags after a path are natural). `-` alone is an argument.
 * @throws MusterError USAGE naming the flag, what it was given and what it takes.
 */
export function parseFlags(specs: readonly FlagSpec[], argv: readonly string[], interspersed = false): ParsedFlags {
  const byName = new Map(specs.flatMap(spec => [spec.name, ...(spec.aliases ?? [])].map(name => [name, spec] as const)))
  const values = new Map<string, string[]>()
  const positional: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? ''
    if (argument === '--') return { values, positional: [...positional, ...argv.slice(i + 1)] }
    if (!/^-{1,2}[^-]/.test(argument)) {
      if (!interspersed) return { values, positional: argv.slice(i) }
      positional.push(argument)
      continue
    }
    const { name, inline } = split(argument)
    const spec = byName.get(name)
    if (spec === undefined) throw unknownFlag(name, [...byName.keys()])
    let text = inline
    if (text === undefined) {
      if (spec.type === 'bool') text = 'true'
      else if (i + 1 < argv.length) text = argv[++i] ?? ''
      else
        throw new MusterError('USAGE', `flag needs an argument: -${name}`, {
          hint: `write -${name}=${spec.placeholder ?? 'VALUE'}`,
        })
    }
    values.set(
      spec.name,
      spec.repeatable === true ? [...(values.get(spec.name) ?? []), checked(spec, text)] : [checked(spec, text)],
    )
  }
  return { values, positional }
}

/** The last value of a flag, or undefined when it was not given. */
export const flagValue = (flags: ParsedFlags, name: string): string | undefined => flags.values.get(name)?.at(-1)

/** Whether a boolean flag was given as true. */
export const flagIsSet = (flags: ParsedFlags, name: string): boolean => flagValue(flags, name) === 'true'

function checked(spec: FlagSpec, text: string): string {
  if (spec.type === 'bool') {
    const value = parseBool(text)
    if (value !== undefined) return String(value)
    throw new MusterError('USAGE', `invalid boolean value "${text}" for -${spec.name}`, {
      hint: 'true and false are allowed',
    })
  }
  if (spec.type === 'int' && !/^[+-]?\d+$/.test(text)) {
    throw new MusterError('USAGE', `invalid value "${text}" for flag -${spec.name}`, {
      hint: 'a whole number is allowed',
    })
  }
  return text
}

function split(argument: string): { name: string; inline: string | undefined } {
  const body = argument.replace(/^--?/, '')
  const equals = body.indexOf('=')
  return equals < 0
    ? { name: body, inline: undefined }
    : { name: body.slice(0, equals), inline: body.slice(equals + 1) }
}

function unknownFlag(name: string, known: readonly string[]): MusterError {
  const near = nearest(name, known)
  return new MusterError(
    'USAGE',
    `flag provided but not defined: -${name}`,
    near === undefined ? {} : { hint: `did you mean -${near}?` },
  )
}
