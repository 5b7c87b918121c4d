import { plainly, program, type AgentProcess } from './agent-process.js'
import { run, type Outcome } from './run.js'

/** Runs a command of the built program, against an agent when one is given. */
export function muster(
  args: readonly string[],
  options: {
    readonly agent?: AgentProcess
    readonly input?: string
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<Outcome> {
  const { agent, ...rest } = options
  return run(...plainly(process.execPath, [program, ...args]), {
    ...rest,
    env: { CONSUL_HTTP_ADDR: '', MUSTER_HTTP_ADDR: agent === undefined ? '' : `127.0.0.1:${agent.http}`, ...rest.env },
  })
}
