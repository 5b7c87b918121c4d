import { formatDuration, milliseconds } from '../common/duration.js'
import { errorMessage } from '../common/errors.js'
import { networkReason } from './dial-error.js'
import { dockerEndpoint, dockerJson, dockerStream, type DockerEndpoint } from './docker-api.js'
import { TailBuffer } from '../common/tail-buffer.js'
import type { CheckResult, PolledKind } from './types.js'
import { withDeadline } from '../common/with-deadline.js'

type Options = Parameters<PolledKind<'docker'>['run']>[0]

/**
 * Runs a program inside a container: exit 0 is passing, 1 warning, anything else critical. Talks to DOCKER_HOST or the
 * usual socket.
 */
export const docker: PolledKind<'docker'> = {
  type: 'docker',
  async run(options, { signal, outputMaxSize }) {
    const stop = new AbortController()
    const ended = await withDeadline<CheckResult>(signal, options.timeout, done => {
      attempt(options, outputMaxSize, stop.signal).then(done, (error: unknown) => {
        done({
          status: 'critical',
          output: `docker: ${error instanceof AggregateError ? networkReason(error) : errorMessage(error)}`,
        })
      })
      return () => {
        stop.abort()
      }
    })
    if (ended !== 'timeout' && ended !== 'aborted') return ended
    const after = formatDuration(milliseconds(options.timeout))
    return { status: 'critical', output: `Timed out (${after}) running check in container ${options.containerId}` }
  },
}

async function attempt(options: Options, outputMaxSize: number, signal: AbortSignal): Promise<CheckResult> {
  const endpoint = dockerEndpoint(process.env.DOCKER_HOST)
  const exec = await createExec(endpoint, options, signal)
  const output = new TailBuffer(outputMaxSize)
  await dockerStream(
    endpoint,
    `/exec/${exec}/start`,
    { Detach: false, Tty: false },
    chunk => {
      output.push(chunk)
    },
    signal,
  )
  const state = await dockerJson(endpoint, 'GET', `/exec/${exec}/json`, undefined, signal)
  const code = state.ExitCode
  if (typeof code !== 'number') throw new Error(`the program in container ${options.containerId} has no exit code`)
  return { status: code === 0 ? 'passing' : code === 1 ? 'warning' : 'critical', output: output.markedText() }
}

async function createExec(endpoint: DockerEndpoint, options: Options, signal: AbortSignal): Promise<string> {
  const created = await dockerJson(
    endpoint,
    'POST',
    `/containers/${encodeURIComponent(options.containerId)}/exec`,
    {
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Cmd: command(options),
    },
    signal,
  )
  if (typeof created.Id !== 'string') throw new Error('the answer to "create exec" has no Id')
  return encodeURIComponent(created.Id)
}

/**
 * With a shell, one argument is a line for it; several are a program and its arguments, which the shell only starts.
 */
function command({ shell, args }: Options): readonly string[] {
  if (shell === '') return args
  return args.length === 1 ? [shell, '-c', ...args] : [shell, '-c', 'exec "$0" "$@"', ...args]
}
