import { MusterError, errorMessage } from '../../common/errors.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { parseBool } from '../../common/parse-bool.js'
import { indexOf, nextPosition, waitParameters, watchPlan, type Position, type WatchQuery } from '../../watch/index.js'
import { failureOf, startChild } from '../child.js'
import { Client, unexpected, type Query } from '../client.js'
import { clientFlags, serverFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import type { Io } from '../io.js'
import { commandClock } from '../../common/clock.js'
import { pause } from '../../common/pause.js'

/** Flags that a watch in a file has as keys. */
const texts = ['type', 'key', 'prefix', 'service', 'state', 'name'] as const

/** `muster watch`. */
export const command: Command = {
  usage: 'watch [options] [PROGRAM...]',
  description:
    'Shows what the watch looks at as JSON and ends; with a program, runs it each time that it changes, with the JSON as one line on its standard input and CONSUL_INDEX in its environment. Ends with 1 when the program fails.',
  examples: [
    ['muster watch -type=service -service=web', 'the instances of a service'],
    ['muster watch -type=key -key=app/color ./reload.sh', 'run a program on each change of a key'],
    ['muster watch -type=services -shell=false /usr/bin/logger', 'without a shell'],
  ],
  flags: [
    {
      name: 'type',
      type: 'string',
      placeholder: 'TYPE',
      help: 'key, keyprefix, services, nodes, service, checks, event or agent_service',
    },
    { name: 'key', type: 'string', placeholder: 'KEY', help: 'with key: the key' },
    { name: 'prefix', type: 'string', placeholder: 'PREFIX', help: 'with keyprefix: what the keys begin with' },
    {
      name: 'service',
      type: 'string',
      placeholder: 'NAME',
      help: 'with service and checks: the service; with agent_service: the id of one that runs on the agent',
    },
    {
      name: 'tag',
      type: 'string',
      repeatable: true,
      placeholder: 'TAG',
      help: 'with service: only instances with this tag; repeatable',
    },
    { name: 'passingonly', type: 'string', placeholder: 'true|false', help: 'with service: only instances that pass' },
    { name: 'state', type: 'string', placeholder: 'STATE', help: 'with checks: any, passing, warning or critical' },
    {
      name: 'name',
      type: 'string',
      placeholder: 'NAME',
      help: 'with event: the name; with agent_service: the same as -service',
    },
    { name: 'shell', type: 'bool', help: 'run the program by a shell (default true)' },
    ...clientFlags,
    ...serverFlags,
  ],
  runsProgram: true,
  async run(flags, io) {
    const query = queryOf(flags)
    const client = await Client.connect(flags, io)
    try {
      return await watch(client, query, flags, io)
    } catch (error) {
      if (io.interrupted.aborted) return 0
      throw error
    }
  },
}

function queryOf(flags: ParsedFlags): WatchQuery {
  const given = flagValue(flags, 'passingonly') ?? 'false'
  const passing = parseBool(given)
  if (passing === undefined) throw new MusterError('USAGE', `-passingonly: "${given}" is neither true nor false`)
  const tags = flags.values.get('tag')
  const { service, name, ...others } = Object.fromEntries(
    texts.flatMap(key => (flagValue(flags, key) === undefined ? [] : [[key, flagValue(flags, key)]])),
  )
  const named =
    flagValue(flags, 'type') === 'agent_service'
      ? { service_id: service ?? name }
      : { ...(service !== undefined && { service }), ...(name !== undefined && { name }) }
  const written = {
    ...others,
    ...named,
    ...(tags !== undefined && { tag: tags }),
    ...(passing && { passingonly: true }),
    args: ['-'],
  }
  try {
    return watchPlan({ written, origin: { file: 'watch', line: 1, column: 1 } }).query
  } catch (error) {
    throw new MusterError('USAGE', errorMessage(error).replace(/^watch:1: /, ''))
  }
}

/** Pause after a failed question: this times the failures squared, up to the limit. */
const retryBase = 5000
const retryLimit = 180_000

async function watch(client: Client, query: WatchQuery, flags: ParsedFlags, io: Io): Promise<number> {
  const words = flags.positional
  const shell = flagValue(flags, 'shell') === undefined || flagIsSet(flags, 'shell')
  const [path = '', search] = query.path.split('?')
  const parameters = listsOf(new URLSearchParams(search))
  let position: Position | undefined
  let given: string | undefined
  let before: unknown
  let failures = 0
  for (;;) {
    let answer: Awaited<ReturnType<Client['request']>>
    try {
      answer = await client.request(
        'GET',
        path,
        { ...parameters, ...waitParameters(position) },
        undefined,
        io.interrupted,
      )
      if (answer.status !== 200 && (answer.status !== 404 || query.byHash === true)) throw unexpected(answer)
      failures = 0
    } catch (error) {
      // Give up if the agent never answered, since the address is probably wrong. Otherwise it may come back.
      if (given === undefined || io.interrupted.aborted) throw error
      io.err(`watch: ${errorMessage(error)}\n`)
      position = undefined
      await pause(commandClock, Math.min(retryBase * (++failures) ** 2, retryLimit), io.interrupted)
      continue
    }
    const body: unknown = answer.status === 404 || answer.body === '' ? null : JSON.parse(answer.body)
    position = nextPosition(query, String(answer.headers['x-consul-index'] ?? ''), body)
    const data = query.pick(body, answer.status === 200)
    const text = JSON.stringify(data)
    if (text === given) continue
    const shown = given === undefined || query.news === undefined ? data : query.news(before, data)
    given = text
    before = data
    if (shown === undefined) continue
    if (words.length === 0) {
      io.out(`${JSON.stringify(shown, null, 4)}\n`)
      return 0
    }
    const child = startChild(words, {
      shell,
      env: { ...io.env, CONSUL_INDEX: indexOf(position) },
      input: `${JSON.stringify(shown)}\n`,
    })
    const failure = failureOf(await child.ended)
    if (io.interrupted.aborted || child.wasTold()) return 0
    if (failure !== undefined) {
      io.err(`Error executing handler: ${failure}\n`)
      return 1
    }
  }
}

const listsOf = (search: URLSearchParams): Query =>
  Object.fromEntries([...new Set(search.keys())].map(name => [name, search.getAll(name)]))
