// A test file in a process of its own, without tap's runner: that would cost a second of computing for each file.
import { runProcess } from './process.mjs'
import { readTap, showFailure } from './tap-output.mjs'

/** How long a test may take that sets no limit itself, in seconds: for the slowest machine, it only ends what hangs. */
const testSeconds = 300

/** How much longer its file may take, in seconds, before it is ended. */
const graceSeconds = 30

/**
 * Runs a built test file. Resolves with the counts of its assertions, its seconds, and the lines to show.
 * A file that ends with an error, breaks off, or has to be ended has at least one failure.
 */
export async function runTestFile(name, file, options) {
  const limit = Math.max(testSeconds, Number(process.env.HISTORY_SECONDS ?? 0) + 180)
  const ended = await runProcess(['--enable-source-maps', file], {
    ...options,
    maxSeconds: limit + graceSeconds,
    env: { TAP: '1', TAP_TIMEOUT: String(limit) },
  })
  const { stdout, stderr, seconds, computing } = ended
  const { passed, failed, complete, failures, noise } = readTap(stdout)
  const fault = faultOf(ended, failed, complete)
  const wrong = fault === undefined ? failed : Math.max(failed, 1)
  const lines = [
    wrong > 0
      ? `FAIL ${name}: ${wrong} failed, ${passed} passed, ${seconds.toFixed(1)} s${fault ? `; it ${fault}` : ''}`
      : `ok   ${name}: ${passed} passed, ${seconds.toFixed(1)} s`,
    ...[...noise, ...stderr.split('\n')].filter(line => line.trim() !== '').map(line => `     | ${line}`),
  ]
  if (wrong > 0) lines.push('', ...failures.flatMap(showFailure))
  // Where it stopped is all that can be told of a file that did not get to its end.
  if (fault !== undefined) lines.push(...stdout.trimEnd().split('\n').slice(-40), '')
  return { passed, failed: wrong, seconds, computing, lines }
}

/** What went wrong with the file as a whole. */
function faultOf({ code, signal, late }, failed, complete) {
  if (late) return 'took too long and was ended'
  if (signal !== null) return `was ended by ${signal}`
  if (code !== 0 && failed === 0) return `ended with exit code ${code}`
  return complete ? undefined : 'broke off'
}
