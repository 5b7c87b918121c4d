import { MusterError, errorCode } from '../common/errors.js'
import { flagIsSet, parseFlags, type FlagSpec } from '../common/flags.js'
import { nearest } from '../common/nearest.js'
import type { Command, CommandEntry } from './command.js'
import { commands } from './commands.js'
import { errorLines } from './error-lines.js'
import { commandHelp, groupHelp, overview } from './help.js'
import type { Io } from './io.js'

/**
 * Runs the command that the arguments name and resolves with the exit code: 0 success, 1 error or usage, 127 no such
 * command; commands may give their own (2: `plan` found changes, `members` found none).
 */
export async function dispatch(argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv
  if (first === undefined) {
    io.err(overview())
    return 127
  }
  if (['-v', '-version', '--version'].includes(first)) return dispatch(['version', ...argv.slice(1)], io)
  if (isHelp(first)) return help(argv.slice(1), io)
  const entry = find(argv)
  if (entry !== undefined) return runCommand(entry, argv.slice(entry.name.split(' ').length), io)
  const ofGroup = findOfGroup(argv)
  if (ofGroup !== undefined) return runCommand(ofGroup, argv.slice(1), io)
  return unknown(argv, io)
}

const isHelp = (word: string): boolean => ['help', '-h', '-help', '--help'].includes(word)

/** The longest command that the arguments start with. */
const find = (argv: readonly string[]): CommandEntry | undefined =>
  [3, 2, 1]
    .map(words => argv.slice(0, words).join(' '))
    .flatMap(line => commands.find(({ name }) => name === line) ?? [])[0]

/** What a group means that only flags follow. */
function findOfGroup([group, next]: readonly string[]): CommandEntry | undefined {
  if (next !== undefined && (!next.startsWith('-') || isHelp(next))) return undefined
  return commands.find(({ name, isOfGroup }) => isOfGroup === true && name.split(' ')[0] === group)
}

async function runCommand(entry: CommandEntry, argv: readonly string[], io: Io): Promise<number> {
  const { command } = await entry.load()
  try {
    if (asksForHelp(command, argv)) {
      io.out(commandHelp(command))
      return 0
    }
    return await command.run(parseFlags(command.flags, argv, command.interspersed), io)
  } catch (error) {
    // Print errors of the operating system without a stack trace, since they are no bug.
    if (!(error instanceof MusterError) && !/^E[A-Z0-9]+$/.test(errorCode(error) ?? '')) throw error
    io.err(errorLines('Error', error))
    if (error instanceof MusterError && error.code === 'USAGE')
      io.err(`  usage: muster ${command.usage}   (muster ${entry.name} -h tells more)\n`)
    return 1
  }
}

const helpFlag: FlagSpec = { name: 'h', aliases: ['help'], type: 'bool', help: '' }

function asksForHelp(command: Command, argv: readonly string[]): boolean {
  if (command.runsProgram === true) return flagIsSet(parseFlags([helpFlag, ...command.flags], argv), 'h')
  return argv.some(word => ['-h', '-help', '--help'].includes(word))
}

async function help(argv: readonly string[], io: Io): Promise<number> {
  const entry = find(argv)
  if (entry !== undefined) io.out(commandHelp((await entry.load()).command))
  else if (groupIn(argv) !== undefined) io.out(groupHelp(groupIn(argv) ?? ''))
  else io.out(overview())
  return 0
}

/** The longest group of commands that the arguments start with: `operator raft`. */
const groupIn = (argv: readonly string[]): string | undefined =>
  [2, 1]
    .filter(words => argv.length >= words)
    .map(words => argv.slice(0, words).join(' '))
    .find(line => commands.some(({ name }) => name.startsWith(`${line} `)))

function unknown(argv: readonly string[], io: Io): number {
  const [first = ''] = argv
  const group = groupIn(argv)
  if (group !== undefined) {
    const word = argv[group.split(' ').length]
    if (word !== undefined && isHelp(word)) {
      io.out(groupHelp(group))
      return 0
    }
    if (word === undefined) io.err(groupHelp(group))
    else
      io.err(
        `muster ${group} has no command "${word}".${meant(word, `${group} `)}\n  muster ${group} -h lists those that it has\n`,
      )
    return 1
  }
  io.err(`"${first}" is not a muster command.${meant(first, '')}\n  muster -h lists all commands\n`)
  return 127
}

/** The command that was probably meant by a word behind `prefix`, as a question; '' when none is near. */
function meant(word: string, prefix: string): string {
  const words = commands
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name }) => name.slice(prefix.length).split(' ')[0] ?? '')
  const near = nearest(word, [...new Set(words)])
  return near === undefined ? '' : ` Did you mean "muster ${prefix}${near}"?`
}
