import type { FlagSpec, ParsedFlags } from '../common/flags.js'
import type { Io } from './io.js'

/** One command of the command line. Its file exports it as `command`; commands.ts lists it. */
export interface Command {
  /** What follows `muster` on the usage line: `validate [options] PATH...`. */
  readonly usage: string
  /** A paragraph for `-h`. */
  readonly description: string
  /** Command lines with what they do, for `-h`. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  readonly flags: readonly FlagSpec[]
  /** Positional arguments are another program's command line: flags in there, `-h` too, are that program's. */
  readonly runsProgram?: boolean
  /** Flags may stand behind positional arguments. */
  readonly interspersed?: boolean
  /** Resolves with the exit code. A MusterError it rejects with is printed with its hint; exit code 1. */
  run(flags: ParsedFlags, io: Io): Promise<number>
}

/**
 * A line in the list of commands; `load` imports the file only when the command is asked for, which keeps every start
 * quick.
 */
export interface CommandEntry {
  /** The full name, including groups: `services register`, `operator raft list-peers`. */
  readonly name: string
  readonly summary: string
  /** Its group without a further word means this one: `services`. */
  readonly isOfGroup?: true
  load(): Promise<{ readonly command: Command }>
}
