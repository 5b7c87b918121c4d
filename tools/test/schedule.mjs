// Which of the tasks run at a time: the longest begin first, and as many run side by side as keep the cores busy.
// Tests of clusters mostly wait for leases and elections, others only compute, so that counting tasks is not enough.
import os from 'node:os'

/** Tasks in flight for each core, at most: each may be several agents, and all of them may have work at once. */
const maxTasksPerCore = 4

/** Cores' worth of computing that tasks in flight may ask for, for each core there is: none is exactly as measured. */
const maxLoadPerCore = 1.5

/** How long a task counts as one that only computes, in milliseconds: agents do while they start. */
const startMs = 3000

/**
 * Runs tasks, each once, and calls `onResult` with a task and what it resolved with as soon as it has.
 * `durations`: by task name `[seconds, computing seconds]` of an earlier run; tasks not in it begin first.
 */
export async function runTasks(tasks, durations, onResult) {
  const cores = os.availableParallelism()
  const waiting = longestFirst(tasks, durations)
  const running = new Set()
  const loadOf = entry => (performance.now() - entry.begun < startMs ? 1 : entry.load)
  const fits = load =>
    running.size === 0
    || (running.size < cores * maxTasksPerCore
      && [...running].reduce((sum, entry) => sum + loadOf(entry), load) <= cores * maxLoadPerCore)

  const begin = task => {
    const entry = { begun: performance.now(), load: expectedLoad(durations[task.name]) }
    entry.ended = task.run().then(result => {
      running.delete(entry)
      onResult(task, result)
    })
    running.add(entry)
  }
  while (waiting.length > 0) {
    if (fits(1)) begin(waiting.shift())
    else await Promise.race([...[...running].map(entry => entry.ended), pause(500)])
  }
  await Promise.all([...running].map(entry => entry.ended))
}

function longestFirst(tasks, durations) {
  const seconds = task => durations[task.name]?.[0] ?? Infinity
  return [...tasks].sort((a, b) => {
    const [first, second] = [seconds(a), seconds(b)]
    return first === second ? (a.name < b.name ? -1 : 1) : second - first
  })
}

/** How many cores a task keeps busy once it has started; one that nobody measured counts as one that only computes. */
function expectedLoad(measured) {
  return measured === undefined ? 1 : Math.min(2, Math.max(0.1, measured[1] / measured[0]))
}

function pause(ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}
