import { spawn } from 'node:child_process'

/** What a program printed and how it ended. */
export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a program to its end, `timeout` ms (60 s) at most. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string>>
    readonly timeout?: number
  } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      timeout: options.timeout ?? 60_000,
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', code => {
      resolve({ code, out, err })
    })
    // A program need not read what it is given.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
  })
}
