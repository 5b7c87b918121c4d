import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { formatDuration, parseDuration, type Duration } from '../../common/duration.js'
import { MusterError, errorCode, errorMessage } from '../../common/errors.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { packTar, type TarFile } from '../../snapshot/index.js'
import { Client } from '../client.js'
import { clientFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { capture, targets, type Target } from '../debug/capture.js'

/** `muster debug`. */
export const command: Command = {
  usage: 'debug [options]',
  description:
    'Gathers facts about a running agent for someone who is to find out what is wrong: its state, members, figures, and its log meanwhile. Secrets are not among them: no KV values, no tokens, no passwords.',
  examples: [
    ['muster debug', 'two minutes, into a .tar.gz in this directory'],
    ['muster debug -duration=30s -interval=5s -capture=metrics -capture=logs', 'figures and log only'],
  ],
  flags: [
    {
      name: 'capture',
      type: 'string',
      repeatable: true,
      placeholder: 'PART',
      help: `${targets.join(', ')}; repeatable (default: all)`,
    },
    { name: 'duration', type: 'string', placeholder: 'DURATION', help: 'how long, 10s at least (default 2m)' },
    {
      name: 'interval',
      type: 'string',
      placeholder: 'DURATION',
      help: 'how often figures are taken, 5s at least (default 30s)',
    },
    {
      name: 'output',
      type: 'string',
      placeholder: 'NAME',
      help: 'name of the directory, or of the archive without .tar.gz (default: consul-debug-<time>)',
    },
    { name: 'archive', type: 'bool', help: 'one .tar.gz instead of a directory (default true)' },
    ...clientFlags,
  ],
  async run(flags, io) {
    if (flags.positional.length > 0)
      throw new MusterError('USAGE', `too many arguments: ${flags.positional.join(' ')}`, {
        hint: 'what is written is named with -output',
      })
    const plan = {
      targets: chosen(flags),
      duration: atLeast(flags, 'duration', '2m', 10_000),
      interval: atLeast(flags, 'interval', '30s', 5000),
    }
    const archive = flagValue(flags, 'archive') === undefined || flagIsSet(flags, 'archive')
    const name = flagValue(flags, 'output') ?? `consul-debug-${Math.floor(Date.now() / 1000)}`
    const output = path.resolve(io.cwd, archive ? `${name}.tar.gz` : name)
    const client = await Client.connect(flags, io)
    const { Config } = await client.get<{ Config: { MusterVersion?: string; Version: string } }>('/v1/agent/self')
    const about = {
      AgentVersion: Config.MusterVersion ?? Config.Version,
      Interval: formatDuration(plan.interval),
      Duration: formatDuration(plan.duration),
      Targets: plan.targets,
    }
    await reserve(output, archive)
    try {
      io.out(
        [
          '==> Starting debugger and capturing static information...',
          `     Agent Version: '${about.AgentVersion}'`,
          `          Interval: '${about.Interval}'`,
          `          Duration: '${about.Duration}'`,
          `            Output: '${path.basename(output)}'`,
          `           Capture: '${plan.targets.join(', ')}'`,
          '',
        ].join('\n'),
      )
      const files = await capture(
        client,
        plan,
        {
          say: text => {
            io.out(`${text}\n`)
          },
          warn: text => {
            io.err(`${text}\n`)
          },
        },
        io.interrupted,
      )
      await write(output, archive, [
        { name: 'index.json', data: Buffer.from(JSON.stringify(about, null, 2)) },
        ...files,
      ])
    } catch (error) {
      await fs.rm(output, { recursive: true, force: true })
      throw error
    }
    io.out(`Saved debug ${archive ? 'archive' : 'directory'}: ${path.basename(output)}\n`)
    return 0
  },
}

function chosen(flags: ParsedFlags): readonly Target[] {
  const words = (flags.values.get('capture') ?? []).flatMap(text => text.split(',')).map(word => word.trim())
  const wrong = words.find(word => !targets.some(target => target === word))
  if (wrong !== undefined)
    throw new MusterError('USAGE', `-capture: "${wrong}" is not known`, { hint: `${targets.join(', ')} are` })
  return words.length === 0 ? targets : targets.filter(target => words.includes(target))
}

function atLeast(flags: ParsedFlags, name: string, otherwise: string, min: number): Duration {
  const text = flagValue(flags, name) ?? otherwise
  const read = parseDuration(text)
  if (read === undefined || read < min)
    throw new MusterError('USAGE', `-${name}: "${text}" is not a duration of ${min / 1000}s or more`)
  return read
}

/**
 * Makes the archive or the directory, empty, so that minutes of gathering are not for nothing. @throws MusterError
 * CLI_DEBUG
 */
async function reserve(output: string, archive: boolean): Promise<void> {
  try {
    if (archive) await (await fs.open(output, 'wx', 0o600)).close()
    else await fs.mkdir(output, { mode: 0o700 })
  } catch (cause) {
    if (errorCode(cause) === 'EEXIST')
      throw new MusterError('CLI_DEBUG', `${output} exists already`, { cause, hint: 'name another one with -output' })
    throw new MusterError('CLI_DEBUG', `${output} cannot be written: ${errorMessage(cause)}`, {
      cause,
      hint: 'name one with -output in a folder that you may write to',
    })
  }
}

/** Readable for the user alone. */
async function write(output: string, archive: boolean, files: readonly TarFile[]): Promise<void> {
  if (archive) {
    const folder = path.basename(output, '.tar.gz')
    const packed = packTar(
      files.map(({ name, data }) => ({ name: `${folder}/${name}`, data })),
      Math.floor(Date.now() / 1000),
    )
    await fs.writeFile(output, await promisify(gzip)(packed), { mode: 0o600 })
    return
  }
  for (const { name, data } of files) {
    const file = path.join(output, name)
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
    await fs.writeFile(file, data, { mode: 0o600 })
  }
}
