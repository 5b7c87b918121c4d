import fs from 'node:fs'
import { MusterError, errorMessage } from '../../common/errors.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import {
  report,
  reporters,
  validatePaths,
  validateText,
  type ConfigFormat,
  type ReportFormat,
  type Validation,
} from '../../config/index.js'
import type { Command } from '../command.js'
import type { Io } from '../io.js'

/** As for a file, in bytes; a stream without an end is not read for ever. */
const stdinLimit = 16 * 1024 * 1024

/** `muster validate`. */
export const command: Command = {
  usage: 'validate [options] PATH...',
  description:
    'Checks configuration files, or all of a directory, as an agent would at its start: every finding in one pass, each with its file, line and column. Needs no agent, no network and no data directory. Exits with 0 when there is no error (warnings are fine, unless -strict is given), else with 1.',
  examples: [
    ['muster validate ./conf', 'a directory'],
    ['muster validate -format=github ./conf', 'annotations in a GitHub workflow'],
    ['muster validate -config-format=hcl - < web.hcl', 'standard input'],
  ],
  interspersed: true,
  flags: [
    {
      name: 'config-format',
      type: 'string',
      placeholder: 'json|hcl',
      help: 'read every file as this, whatever its name ends in',
    },
    {
      name: 'format',
      type: 'string',
      placeholder: Object.keys(reporters).join('|'),
      help: 'form of the findings (default text)',
    },
    { name: 'quiet', type: 'bool', help: 'say nothing when everything is valid' },
    { name: 'strict', type: 'bool', help: 'exit with 1 on warnings, too' },
    { name: 'stdin', type: 'bool', help: 'read standard input, as the argument - does' },
  ],
  async run(flags, io) {
    const form = flagValue(flags, 'format') ?? 'text'
    if (!isReportFormat(form))
      throw new MusterError('USAGE', `-format: "${form}" is not known`, {
        hint: `${Object.keys(reporters).join(', ')} are allowed`,
      })
    const format = flagValue(flags, 'config-format')
    if (format !== undefined && format !== 'json' && format !== 'hcl')
      throw new MusterError('USAGE', `-config-format: "${format}" is not known`, { hint: 'json and hcl are allowed' })
    const { validation, stdin } = await judge(flags, io, format)
    const { diagnostics, files } = validation
    const valid =
      diagnostics.every(({ severity }) => severity !== 'error')
      && !(flagIsSet(flags, 'strict') && diagnostics.length > 0)
    const sourceOf = (file: string): string | undefined => (file === stdinName ? stdin : readText(file))
    // Machine-readable formats always print a complete document. Text is left out without findings, or with -quiet.
    const silent = form === 'text' && (diagnostics.length === 0 || (valid && flagIsSet(flags, 'quiet')))
    if (!silent) {
      const text = report(form, { diagnostics, files, sourceOf })
      if (form === 'text') io.err(text)
      else io.out(text)
    }
    if (form === 'text' && valid && !flagIsSet(flags, 'quiet')) {
      io.out(
        `Configuration is valid! ${count(files.length, 'file')}, ${count(validation.services, 'service')}, ${count(validation.checks, 'check')}.\n`,
      )
    }
    return valid ? 0 : 1
  },
}

const stdinName = '<stdin>'

const isReportFormat = (text: string): text is ReportFormat => Object.hasOwn(reporters, text)

async function judge(
  flags: ParsedFlags,
  io: Io,
  format: ConfigFormat | undefined,
): Promise<{ validation: Validation; stdin?: string }> {
  const paths = flags.positional
  if (flagIsSet(flags, 'stdin') || (paths.length === 1 && paths[0] === '-')) {
    if (paths.some(path => path !== '-'))
      throw new MusterError('USAGE', 'standard input and paths cannot be checked in one run')
    const stdin = await readAll(io)
    return { validation: validateText(stdinName, stdin, format ?? 'json'), stdin }
  }
  if (paths.length === 0) throw new MusterError('USAGE', 'Must specify at least one config file or directory')
  return { validation: validatePaths(paths, format === undefined ? {} : { format }) }
}

async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of io.stdin) {
    const bytes = chunk as Buffer
    size += bytes.length
    if (size > stdinLimit) throw new MusterError('USAGE', `standard input is longer than ${stdinLimit} bytes`)
    chunks.push(bytes)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (error) {
    throw new MusterError('USAGE', `standard input is not UTF-8: ${errorMessage(error)}`)
  }
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
