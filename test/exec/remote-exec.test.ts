import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { RemoteExec } from '../../src/exec/index.js'
import { JobOutput } from '../../src/exec/job-output.js'
import { readJob, readJobPlace } from '../../src/exec/job.js'
import { systemClock } from '../../src/common/clock.js'
import { revision } from '../../src/store/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { isRunning } from '../support/processes.js'
import { until } from '../support/until.js'

const session = '01234567-89ab-cdef-0123-456789abcdef'
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

/** A KV store with one job, whose session may end. */
class Kv {
  readonly #job: unknown
  readonly #holder: string
  readonly keys = new Map<string, string>()
  living = true
  away = 0
  constructor(job: unknown, holder: string = session) {
    this.#job = job
    this.#holder = holder
  }
  readonly get = (target: string): Promise<{ status: number; body: string }> =>
    Promise.resolve(
      target === `/v1/kv/_rexec/${session}/job`
        ? { status: 200, body: JSON.stringify([{ Session: this.#holder, Value: base64(this.#job) }]) }
        : { status: 404, body: '' },
    )
  readonly put = (target: string, body: Buffer): Promise<{ status: number; body: string }> => {
    if (this.away-- > 0) return Promise.resolve({ status: 500, body: 'No cluster leader' })
    if (!this.living) return Promise.resolve({ status: 500, body: `invalid session "${session}"` })
    const url = new URL(target, 'http://x')
    t.equal(url.searchParams.get('acquire'), session)
    this.keys.set(decodeURIComponent(url.pathname.slice(`/v1/kv/_rexec/${session}/`.length)), body.toString())
    return Promise.resolve({ status: 200, body: 'true' })
  }
  get output(): string {
    return [...this.keys]
      .filter(([key]) => key.includes('/out/'))
      .sort()
      .map(([, text]) => text)
      .join('')
  }
}

const event = (payload: unknown, name = '_rexec') => ({
  id: 'e1',
  name,
  payload: base64(payload),
  nodeFilter: '',
  serviceFilter: '',
  tagFilter: '',
  created: revision(1),
  modified: revision(1),
})
const toJob = event({ Prefix: '_rexec', Session: session })

function start(t: Test, kv: Kv): { readonly exec: RemoteExec; readonly log: RecordingLog } {
  const log = new RecordingLog()
  const exec = new RemoteExec({ api: kv, node: 'n1', clock: systemClock, log })
  t.teardown(() => exec.close())
  exec.take(toJob)
  return { exec, log }
}

t.test('commands, programs and scripts', async t => {
  const cases: readonly (readonly [job: Record<string, unknown>, output: RegExp, exit: string])[] = [
    [{ Command: 'echo out; echo err >&2; exit 3' }, /^(out\nerr|err\nout)\n$/, '3'],
    [{ Command: '', Args: ['echo', '$HOME', 'a b'] }, /^\$HOME a b\n$/, '0'],
    [
      { Script: Buffer.from('#!/bin/sh\necho "from $0"\n').toString('base64') },
      /^from .*muster-exec-.*\/script\n$/,
      '0',
    ],
    [{ Script: Buffer.from('echo no first line').toString('base64') }, /^no first line\n$/, '0'],
    [{ Args: ['/no/such/program'] }, /^cannot be started: .*ENOENT/, '255'],
    [{ Command: 'kill -9 $$' }, /^$/, '137'],
  ]
  for (const [job, output, exit] of cases) {
    const kv = new Kv({ Wait: 2e9, ...job })
    start(t, kv)
    await until('it has ended', () => kv.keys.has('n1/exit'))
    t.equal(kv.keys.get('n1/exit'), exit, JSON.stringify(job))
    t.match(kv.output, output)
    t.equal([...kv.keys.keys()][0], 'n1/ack')
  }
  await until('no script is left', () => !fs.readdirSync(os.tmpdir()).some(name => name.startsWith('muster-exec-')))
})

t.test('a program that is silent is told to run still, and killed with its children when the session ends', async t => {
  const kv = new Kv({ Command: 'sleep 1000 & echo $!; wait', Wait: 5e8 })
  const { log } = start(t, kv)
  await until('there were heartbeats', () => (kv.keys.get('n1/out/00002') ?? 'none') === '')
  const child = Number(kv.output.trim())
  t.ok(isRunning(child))
  kv.living = false
  await until('the child is gone', () => !isRunning(child))
  await until('it is said', () => log.lines.some(({ message }) => message.includes('given up')))
  t.notOk(kv.keys.has('n1/exit'))
})

t.test('the end of the agent kills what runs; servers may be away for a while; an event may come twice', async t => {
  const file = path.join(t.testdir(), 'runs')
  const kv = new Kv({ Command: `echo >> ${file}; echo $$; sleep 1000`, Wait: 2e9 })
  kv.away = 2
  const { exec } = start(t, kv)
  exec.take(toJob)
  await until('it runs', () => kv.output !== '')
  exec.take(toJob)
  const pid = Number(kv.output.trim())
  await exec.close()
  t.notOk(isRunning(pid))
  t.equal(fs.readFileSync(file, 'utf8'), '\n')
})

t.test('invalid jobs are not run', async t => {
  for (const kv of [new Kv({ Command: 'true' }, ''), new Kv({ Command: '' }), new Kv(null)]) {
    const { log } = start(t, kv)
    await until('it is said', () => log.lines.some(({ message }) => message.includes('no job')))
    t.equal(kv.keys.size, 0)
  }
  for (const payload of [{}, null, 'x', { Prefix: '_rexec', Session: '../x' }, { Prefix: '', Session: session }])
    t.equal(readJobPlace(base64(payload)), undefined)
  t.same(readJob(Buffer.from('{"Command":"a","Wait":1}')), { work: { type: 'command', line: 'a' }, wait: 500 })
  t.same(readJob(Buffer.from('{"Command":"a"}')), { work: { type: 'command', line: 'a' }, wait: 2000 })
})

t.test('output comes in pieces that are whole, however it is written', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 50 })),
      fc.integer({ min: 1, max: 9 }),
      async (texts, size) => {
        const whole = Buffer.from(texts.join('\n').repeat(size * 20))
        const output = new JobOutput(systemClock)
        for (let at = 0; at < whole.length; at += size * 1000) output.push(whole.subarray(at, at + size * 1000))
        output.end()
        const pieces: Buffer[] = []
        for (let piece = await output.next(10); piece !== undefined; piece = await output.next(10)) pieces.push(piece)
        t.ok(Buffer.concat(pieces).equals(whole))
        t.ok(
          pieces.every(
            piece => piece.length > 0 && piece.length <= 16 * 1024 && Buffer.from(piece.toString()).equals(piece),
          ),
        )
      },
    ),
    { numRuns: 50 },
  )
})

t.test('too much output is left out, and said so', async t => {
  const kv = new Kv({ Command: 'head -c 5000000 /dev/zero | tr "\\0" x', Wait: 2e9 })
  start(t, kv)
  await until('it has ended', () => kv.keys.has('n1/exit'), 30_000)
  t.equal(kv.keys.get('n1/exit'), '0')
  t.equal(kv.output.length, 4 * 1024 * 1024 + '\n[4194304 of 5000000 bytes are shown]'.length)
  t.ok(kv.output.endsWith('[4194304 of 5000000 bytes are shown]'))
})
