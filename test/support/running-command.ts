import { spawn, type ChildProcess } from 'node:child_process'
import type { Test } from 'tap'
import { plainly, program, type AgentProcess } from './agent-process.js'

/** A command of the program that goes on until it is ended. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** Its exit code, null when a signal ended it. */
  readonly ended: Promise<number | null>
  /** All that it has printed, to standard output and error. */
  readonly out: () => string
}

/** Starts one against an agent; its standard input stays open. The test's end kills it. */
export function startCommand(
  t: Test,
  agent: Pick<AgentProcess, 'http'> & { readonly address?: string },
  ...args: string[]
): RunningCommand {
  const child = spawn(...plainly(process.execPath, [program, ...args]), {
    env: { ...process.env, MUSTER_HTTP_ADDR: `${agent.address ?? '127.0.0.1'}:${agent.http}` },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let out = ''
  const keep = (chunk: Buffer): void => {
    out += chunk.toString()
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  return {
    child,
    out: () => out,
    ended: new Promise(resolve => {
      child.once('close', resolve)
    }),
  }
}
