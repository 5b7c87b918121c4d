// A child process of the test run: one that runs node, is ended when it takes too long, and may be measured.
import { spawn } from 'node:child_process'

/** How long a process may take to end itself after SIGTERM, in seconds. */
const graceSeconds = 30

/** How long output may still come after the end: what the process started and left behind may hold its output open. */
const outputMs = 2000

const children = new Set()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.once(signal, () => process.exit(code))

/**
 * Runs node with `args`; resolves when it has ended, with exit code or signal, output, seconds, and whether it was ended
 * for running longer than `maxSeconds`. `measure`: says in `computing` how many seconds it and its children kept a core
 * busy.
 */
export function runProcess(args, { maxSeconds, env = {}, measure = false }) {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    const child = spawn(process.execPath, [...(measure ? ['--import', './tools/test/usage.mjs'] : []), ...args], {
      stdio: ['ignore', 'pipe', 'pipe', measure ? 'pipe' : 'ignore'],
      env: { ...process.env, ...env },
    })
    children.add(child)
    const texts = { stdout: '', stderr: '', computing: '' }
    for (const [name, stream] of [
      ['stdout', child.stdout],
      ['stderr', child.stderr],
      ['computing', child.stdio[3]],
    ])
      stream?.setEncoding('utf8').on('data', chunk => {
        texts[name] += chunk
      })
    let late = false
    // At SIGTERM tap says what is still open.
    const term = setTimeout(() => {
      late = true
      child.kill('SIGTERM')
    }, maxSeconds * 1000)
    const kill = setTimeout(() => child.kill('SIGKILL'), (maxSeconds + graceSeconds) * 1000)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const seconds = (performance.now() - begun) / 1000
      children.delete(child)
      clearTimeout(term)
      clearTimeout(kill)
      const done = () => {
        clearTimeout(soon)
        for (const stream of child.stdio) stream?.destroy()
        resolve({ ...texts, computing: Number(texts.computing), code, signal, seconds, late })
      }
      const soon = setTimeout(done, outputMs)
      child.once('close', done)
    })
  })
}
