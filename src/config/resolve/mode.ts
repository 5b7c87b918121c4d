import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

/** What an agent was before, as its data directory tells. */
export interface AgentHistory {
  /** The data directory holds the data of an etcd member: this was one of several servers. */
  readonly etcd: boolean
  /** What it was told to be, by its settings or by being told to join others; undefined: nothing yet. */
  readonly role: 'server' | 'client' | undefined
}

/** What decides about the mode besides what was written. */
export interface ModeFacts {
  readonly dev: boolean
  readonly history: AgentHistory
}

type Mode = Pick<Settings, 'server' | 'engine' | 'lone' | 'bootstrap' | 'bootstrapExpect'>

const single: Mode = { server: true, engine: 'lmdb', lone: false, bootstrap: true, bootstrapExpect: 1 }
const client: Mode = { server: false, engine: 'none', lone: false, bootstrap: false, bootstrapExpect: 0 }

/**
 * What this agent is: a server alone, one of several, one on an etcd of someone else, or a client agent. Without a word
 * about servers or joining it is what it was told to be before, or a lone server, which may become a client agent
 * later. A server that has been one of several stays one.
 */
export function resolveMode(reader: Reader, { dev, history }: ModeFacts): Mode {
  const mode = chooseMode(reader, dev, history)
  checkBootstrap(reader)
  if (dev) checkDev(reader)
  else if (mode.engine === 'external') checkExternal(reader)
  else if (mode.engine === 'none') checkClient(reader)
  else if (mode.engine === 'etcd') checkExpect(reader, history)
  else checkSingle(reader)
  return mode
}

const listed = (reader: Reader, keys: readonly string[]): string | undefined =>
  keys.find(key => reader.list(key).length > 0)
const lanJoin = (reader: Reader): string | undefined => listed(reader, ['retry_join', 'start_join'])
const wanJoin = (reader: Reader): string | undefined => listed(reader, ['retry_join_wan', 'start_join_wan'])

function chooseMode(reader: Reader, dev: boolean, history: AgentHistory): Mode {
  const server = reader.written('server')
  const expect = reader.number('bootstrap_expect')
  const several: Mode = { ...single, engine: 'etcd', bootstrap: false, bootstrapExpect: expect }
  if (dev) return { ...single, engine: 'memory' }
  if (reader.list('store.etcd.endpoints').length > 0) return { ...several, engine: 'external', bootstrapExpect: 0 }
  if (server === false || (server === undefined && lanJoin(reader) !== undefined)) return client
  if (expect > 1 || history.etcd) return several
  if (reader.flag('bootstrap') || expect === 1) return single
  if (server === true && lanJoin(reader) !== undefined) return several
  if (server === true || wanJoin(reader) !== undefined) return single
  if (history.role === 'client') return client
  return { ...single, lone: history.role === undefined }
}

function checkBootstrap(reader: Reader): void {
  const bootstrap = reader.flag('bootstrap')
  const expect = reader.number('bootstrap_expect')
  const external = reader.list('store.etcd.endpoints').length > 0
  if (bootstrap && expect > 1) {
    reader.report('bootstrap_expect', {
      code: 'bootstrap',
      message: "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive",
      hint: 'keep "bootstrap_expect"',
    })
  } else if (bootstrap && expect === 1) {
    reader.report('bootstrap', {
      severity: 'warning',
      code: 'bootstrap',
      message: '"bootstrap" and "bootstrap_expect": 1 say the same',
      hint: 'keep "bootstrap_expect"',
    })
  }
  if (reader.written('server') === true || external) return
  const report = reader.written('server') === undefined ? reader.misses.bind(reader) : reader.report.bind(reader)
  if (expect > 0)
    report('bootstrap_expect', {
      code: 'bootstrap',
      message: "'bootstrap_expect > 0' requires 'server = true'",
      hint: 'add "server": true',
    })
  else if (bootstrap)
    report('bootstrap', {
      code: 'bootstrap',
      message: "'bootstrap = true' requires 'server = true'",
      hint: 'add "server": true',
    })
}

/** A -dev server keeps everything in its own memory, so it cannot be a part of anything on the LAN. */
function checkDev(reader: Reader): void {
  const join = lanJoin(reader)
  const hint = 'leave out -dev, and name a folder with -data-dir'
  if (reader.written('server') === false)
    reader.report('server', {
      code: 'dev-mode',
      message: '-dev makes a server of its own, and "server" is false',
      hint,
    })
  if (reader.number('bootstrap_expect') > 1) {
    reader.report('bootstrap_expect', {
      code: 'dev-mode',
      message: '-dev makes a server of its own, which waits for no others: "bootstrap_expect" can only be 1',
      hint,
    })
  }
  if (join !== undefined)
    reader.report(join, {
      code: 'dev-mode',
      message: `-dev makes a server of its own, which joins no others: ${quote(join)} cannot be used with it`,
      hint,
    })
  if (reader.list('store.etcd.endpoints').length > 0) {
    reader.report('store.etcd.endpoints', {
      code: 'dev-mode',
      message: '-dev keeps everything in memory: "store.etcd.endpoints" cannot be used with it',
      hint,
    })
  }
}

function checkExternal(reader: Reader): void {
  if (reader.written('server') === false) {
    reader.report('server', {
      code: 'external-etcd',
      message: '"server" is false, but "store.etcd.endpoints" makes this agent a server',
      hint: 'remove one of them',
    })
  }
  for (const key of ['bootstrap', 'bootstrap_expect'] as const) {
    if (reader.written(key) === undefined || reader.written(key) === false || reader.written(key) === 0) continue
    reader.report(key, {
      severity: 'warning',
      code: 'ignored-key',
      message: `${quote(key)} is ignored: the etcd at "store.etcd.endpoints" is there already`,
      hint: 'remove it',
    })
  }
}

function checkClient(reader: Reader): void {
  const join = wanJoin(reader)
  if (join === undefined) return
  const report = reader.written('server') === undefined ? reader.misses.bind(reader) : reader.report.bind(reader)
  report(join, {
    code: 'client-mode',
    message: `${quote(join)} requires 'server = true': only servers know other datacenters`,
    hint: 'remove it, or add "server": true',
  })
}

function checkExpect(reader: Reader, history: AgentHistory): void {
  const expect = reader.number('bootstrap_expect')
  if (history.etcd && (expect === 1 || reader.flag('bootstrap'))) {
    reader.report(expect === 1 ? 'bootstrap_expect' : 'bootstrap', {
      severity: 'warning',
      code: 'ignored-key',
      message:
        'the data directory belongs to one of several servers: it takes its place among them again, and does not lead on its own',
      hint: 'name another data_dir for a server that is alone; where the other servers are lost for good, put this one into raft/peers.json',
    })
  }
  if (expect === 2) {
    reader.report('bootstrap_expect', {
      severity: 'warning',
      code: 'no-fault-tolerance',
      message: 'bootstrap_expect = 2: A cluster with 2 servers will provide no failure tolerance.',
      hint: 'use 3 servers, or 1',
    })
  } else if (expect > 0 && expect % 2 === 0) {
    reader.report('bootstrap_expect', {
      severity: 'warning',
      code: 'even-servers',
      message:
        'bootstrap_expect is even number: A cluster with an even number of servers does not achieve optimum fault tolerance.',
      hint: `use ${expect - 1} or ${expect + 1} servers`,
    })
  }
}

function checkSingle(reader: Reader): void {
  const join = lanJoin(reader)
  if (reader.written('server') !== true || join === undefined) return
  reader.report(join, {
    severity: 'warning',
    code: 'joins-no-servers',
    message: `this server leads on its own: through ${quote(join)} client agents find it, but it becomes one with no other server`,
    hint: 'write into "bootstrap_expect" how many servers there are to be',
  })
}
