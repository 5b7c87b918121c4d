import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { EtcdMember, EtcdStatus } from '../../../src/store/index.js'
import type { Place } from '../../support/place.js'
import { killAll, processesOf } from '../../support/processes.js'
import type { RecordedLine } from '../../support/recording-log.js'
import { raftPort } from './child.js'

/** An etcd child of a program of its own, as an agent is one. */
export interface RemoteChild {
  readonly peerUrl: string
  readonly raft: string
  start(start: object): Promise<void>
  stop(): Promise<void>
  state(): Promise<string>
  relocate(name: string, address: string): Promise<void>
  status(): Promise<EtcdStatus>
  members(): Promise<readonly EtcdMember[]>
  addLearner(url: string): Promise<{ readonly member: EtcdMember; readonly members: readonly EtcdMember[] }>
  promote(id: string): Promise<void>
  lines(): Promise<readonly RecordedLine[]>
  /** Ends the program at once; etcd is not told. */
  kill(): Promise<void>
}

/** Starts a program with an etcd child at a place; the test's end kills it and the etcd. */
export function openRemoteChild(t: Test, place: Place, directory: string, name: string): RemoteChild {
  const [program, args] = place.command(process.execPath, [
    fileURLToPath(new URL('remote-program.js', import.meta.url)),
    directory,
    place.address,
    name,
  ])
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = new Promise<void>(resolve => {
    child.once('exit', () => {
      resolve()
    })
  })
  // A program that is gone is told by its end.
  child.stdin.on('error', () => undefined)
  const waiting: ((line: string) => void)[] = []
  createInterface({ input: child.stdout }).on('line', line => {
    waiting.shift()?.(line)
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  t.teardown(async () => {
    await kill()
    killAll(processesOf(directory))
  })
  // One call at a time, as answers carry no numbers.
  let last: Promise<unknown> = Promise.resolve()
  const call = <Answer>(name: string, ...args: readonly string[]): Promise<Answer> => {
    const answer = last
      .then(
        () =>
          new Promise<string>((resolve, reject) => {
            waiting.push(resolve)
            void gone.then(() => {
              reject(new Error('the program is gone'))
            })
            child.stdin.write(`${JSON.stringify({ call: name, args })}\n`)
          }),
      )
      .then(line => {
        const { result, error } = JSON.parse(line) as { result?: Answer; error?: string }
        if (error !== undefined) throw new Error(error)
        return result as Answer
      })
    last = answer.catch(() => undefined)
    return answer
  }
  return {
    peerUrl: `http://${place.address}:${raftPort}`,
    raft: `${place.address}:${raftPort}`,
    kill,
    start: start => call('start', JSON.stringify(start)),
    stop: () => call('stop'),
    state: () => call('state'),
    relocate: (name, address) => call('relocate', name, address),
    status: () => call('status'),
    members: () => call('members'),
    addLearner: url => call('addLearner', url),
    promote: id => call('promote', id),
    lines: () => call('lines'),
  }
}
