import type { AgentProcess } from './agent-process.js'
import { run } from './run.js'

/** What `dig` printed, read back: status, flags, and the records of each section as text with single spaces. */
export interface Dug {
  readonly status: string
  readonly flags: readonly string[]
  readonly answer: readonly string[]
  readonly authority: readonly string[]
  readonly additional: readonly string[]
}

/** Asks an agent with the real `dig`; arguments are dig's own: `dig(agent, 'web.service.consul', 'SRV', '+tcp')`. */
export async function dig(agent: Pick<AgentProcess, 'dns'>, ...args: readonly string[]): Promise<Dug> {
  return digAt('127.0.0.1', agent.dns, ...args)
}

/** Asks whoever answers at an address; status `none`: nobody did. */
export async function digAt(address: string, port: number, ...args: readonly string[]): Promise<Dug> {
  const { out } = await run('dig', [`@${address}`, '-p', String(port), '+tries=1', '+time=2', ...args])
  return parse(out)
}

function parse(text: string): Dug {
  const section = (name: string): string[] => {
    const body = new RegExp(`;; ${name} SECTION:\\n([^]*?)(?:\\n\\n|$)`).exec(text)?.[1] ?? ''
    return body
      .split('\n')
      .filter(line => line !== '' && !line.startsWith(';'))
      .map(line => line.replaceAll(/\s+/g, ' '))
  }
  return {
    status: /status: (\w+)/.exec(text)?.[1] ?? 'none',
    flags: /;; flags: ([^;]*);/.exec(text)?.[1]?.split(' ') ?? [],
    answer: section('ANSWER'),
    authority: section('AUTHORITY'),
    additional: section('ADDITIONAL'),
  }
}
