// Reads what a test file printed (TAP version 14, as tap's tests write it) and shows of it what went wrong.

/**
 * What the output of one test file says.
 * `passed`, `failed`: assertions; `complete`: the file ran to its end and summed itself up.
 * `failures`: every assertion that failed, with its tests' names from the outside in, the details that tap gives (place,
 * difference, source) and the comments of the test that it is the end of. `noise`: lines that are no TAP.
 */
export function readTap(output) {
  const failures = []
  const noise = []
  // Of the test that is open at each depth: its name, its comments, and whether an assertion inside it has failed.
  const open = []
  let passed = 0
  let failed = 0
  let complete = false
  const lines = output.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]
    const text = line.trimStart()
    const depth = Math.floor((line.length - text.length) / 4)
    const point = /^(not )?ok \d+(?: - (.*?))?(?: # (?:time=\S+|SKIP.*|TODO.*))?$/.exec(text)
    const subtest = /^# Subtest: (.*)$/.exec(text)
    const total = depth === 0 ? /^# \{ total: \d+(.*) \}$/.exec(text) : null
    if (total) {
      passed = Number(/pass: (\d+)/.exec(total[1])?.[1] ?? 0)
      failed = Number(/fail: (\d+)/.exec(total[1])?.[1] ?? 0)
      complete = true
    } else if (subtest) {
      open[depth + 1] = { name: subtest[1], comments: [], failed: false }
    } else if (point) {
      const { block, last } = yamlBlock(lines, at)
      at = last
      const inner = open[depth + 1]?.name === point[2] ? open[depth + 1] : undefined
      if (inner) open[depth + 1] = undefined
      if (!point[1] || / # (SKIP|TODO)/.test(text)) continue
      // A test that failed because of an assertion inside it has been told of already, except for its comments.
      if (inner?.failed !== true || inner.comments.length > 0)
        failures.push({
          names: [...open.slice(1, depth + 1).map(test => test?.name ?? '?'), point[2] ?? ''],
          details: inner?.failed === true ? [] : block,
          comments: inner?.comments ?? [],
        })
      if (open[depth]) open[depth].failed = true
    } else if (text.startsWith('# ') && depth > 0) {
      open[depth]?.comments.push(text.slice(2))
    } else if (!/^(#.*|\d+\.\.\d+.*|TAP version \d+|)$/.test(text)) {
      noise.push(line)
    }
  }
  return { passed, failed, complete, failures: failures.filter(isFirst), noise }
}

/** The details of the test point at `at`, without their indentation, and the index of their last line. */
function yamlBlock(lines, at) {
  const indent = /^ */.exec(lines[at])[0] + '  '
  if (lines[at + 1] !== `${indent}---`) return { block: [], last: at }
  const end = lines.indexOf(`${indent}...`, at)
  if (end < 0) return { block: [], last: at }
  return { block: lines.slice(at + 2, end).map(line => line.slice(indent.length)), last: end }
}

/** tap says twice that a test ran out of time. */
function isFirst(failure, at, all) {
  const same = other =>
    other.names.join('\n') === failure.names.join('\n') && other.details.join() === failure.details.join()
  return all.findIndex(same) === at
}

/** A failure as lines to read: the way to it, its details, and what the test had to say. */
export function showFailure({ names, details, comments }) {
  return [
    `✖ ${names.join(' > ')}`,
    ...withoutGenerated(details).map(line => `  ${line}`),
    ...comments.map(line => `  # ${line}`),
    '',
  ]
}

/** Places in build/ help nobody: those in the sources stand beside them. */
function withoutGenerated(details) {
  const kept = []
  let inside = false
  for (const line of details) {
    if (/^ {2}generated:/.test(line)) inside = true
    else if (!/^ {4}/.test(line)) inside = false
    if (!inside) kept.push(line)
  }
  return kept
}
