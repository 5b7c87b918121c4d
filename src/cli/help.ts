import type { FlagSpec } from '../common/flags.js'
import type { Command } from './command.js'
import { commands } from './commands.js'
import { table } from './table.js'

/** The list of all commands, for `muster help` and after a mistake. */
export function overview(): string {
  return `Usage: muster COMMAND [options]

Service discovery from files: drop a declaration into a directory, ask for it over DNS and HTTP.

Commands:
${indent(table(commands.map(({ name, summary }) => [name, summary])))}
muster COMMAND -h shows the options of a command and examples.
`
}

/** The commands of a group such as `catalog`. */
export function groupHelp(group: string): string {
  const members = commands.filter(({ name }) => name.startsWith(`${group} `))
  return `Usage: muster ${group} COMMAND [options]\n\nCommands:\n${indent(table(members.map(({ name, summary }) => [name, summary])))}`
}

/** What `-h` prints for one command. */
export function commandHelp(command: Command): string {
  const parts = [`Usage: muster ${command.usage}\n`, `${command.description}\n`]
  if (command.examples.length > 0) {
    parts.push(`Examples:\n${indent(table(command.examples.map(([line, meaning]) => [line, meaning])))}`)
  }
  if (command.flags.length > 0)
    parts.push(`Options:\n${indent(table(command.flags.map(flag => [flagUsage(flag), flag.help])))}`)
  return parts.join('\n')
}

function flagUsage(flag: FlagSpec): string {
  const names = [flag.name, ...(flag.aliases ?? [])].map(name => `-${name}`).join(', ')
  return flag.type === 'bool' ? names : `${names}=${flag.placeholder ?? (flag.type === 'int' ? 'N' : 'VALUE')}`
}

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ')
