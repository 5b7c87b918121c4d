import { createInterface } from 'node:readline'
import { openEtcdProcess, type EtcdStart } from '../../../src/etcd/index.js'
import { errorMessage } from '../../../src/common/errors.js'
import { RecordingLog } from '../../support/recording-log.js'
import { childOptions } from './child.js'

/** A program with an etcd child: takes calls as lines of JSON on stdin and answers each with a line. */
const [directory = '', address = '', name = ''] = process.argv.slice(2)
const log = new RecordingLog()
const etcd = openEtcdProcess(childOptions(directory, address, name, log))

const calls: Readonly<Record<string, (...args: string[]) => unknown>> = {
  start: how => etcd.start(JSON.parse(how ?? '') as EtcdStart),
  stop: () => etcd.stop(),
  state: () => etcd.state,
  relocate: (name = '', address = '') => {
    etcd.relocate(name, address)
  },
  status: () => etcd.admin.status(),
  members: () => etcd.admin.members(false),
  addLearner: url => etcd.admin.addLearner([url ?? '']),
  promote: id => etcd.admin.promote(id ?? ''),
  lines: () => log.lines,
}

createInterface({ input: process.stdin }).on('line', line => {
  const { call, args } = JSON.parse(line) as { call: string; args: string[] }
  void (async () => {
    try {
      process.stdout.write(`${JSON.stringify({ result: (await calls[call]?.(...args)) ?? null })}\n`)
    } catch (error) {
      process.stdout.write(`${JSON.stringify({ error: errorMessage(error) })}\n`)
    }
  })()
})
