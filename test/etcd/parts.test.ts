import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { etcdEnvironment, initialArguments, isSameEtcd, raftTiming, steadyArguments } from '../../src/etcd/arguments.js'
import { explainExit } from '../../src/etcd/exit-cause.js'
import { LogTail, openLogForWriting } from '../../src/etcd/log-tail.js'
import { lineText, parseLine } from '../../src/etcd/log-line.js'
import { PeerProxy } from '../../src/etcd/peer-proxy.js'
import { etcdVersion } from '../../src/etcd/version.js'
import { readRestored } from '../../src/etcd/waiting-status.js'
import { systemClock } from '../../src/common/clock.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { caught, childOptions, openChild } from './support/child.js'

/** A program that prints a text. */
function fake(t: Test, text: string): string {
  const file = path.join(temporaryDirectory(t), 'etcd')
  fs.writeFileSync(file, `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`, { mode: 0o755 })
  return file
}

void t.test('the version of the program', async t => {
  t.match(await etcdVersion('etcd'), /^3\.\d+\.\d+/)
  t.equal(await etcdVersion(fake(t, 'etcd Version: 3.5.9\nGit SHA: x')), '3.5.9')
  t.equal(await etcdVersion(fake(t, 'etcd Version: 4.0.0-rc.1')), '4.0.0-rc.1')
  t.match(await caught(etcdVersion(fake(t, 'etcd Version: 3.3.27'))), {
    code: 'ETCD_TOO_OLD',
    message: /3\.3\.27; 3\.4 or later/,
    hint: /apt-get install etcd-server/,
  })
  t.match(await caught(etcdVersion(fake(t, 'hello'))), { code: 'ETCD_FAILED', message: /"hello"/ })
  t.match(await caught(etcdVersion('/nowhere/etcd')), { code: 'ETCD_MISSING', hint: /store\.etcd\.program/ })
  t.match(await caught(etcdVersion('no-such-etcd')), { code: 'ETCD_MISSING', message: /"no-such-etcd"/ })
  const child = await openChild(t, { program: fake(t, 'etcd Version: 3.3.27') })
  t.match(await caught(child.process.start({ how: 'found' })), { code: 'ETCD_TOO_OLD' })
  t.equal(child.process.state, 'failed')
})

void t.test('a directory whose socket path is too long for a socket', async t => {
  const directory = path.join(temporaryDirectory(t), 'x'.repeat(100), 'etcd')
  const child = await openChild(t, { directory })
  t.ok(child.process.endpoint.length < 108)
  await child.process.start({ how: 'found' })
  await until('it runs', () => child.process.state === 'running')
  t.match(await child.process.admin.status(), { leader: /./ })
})

void t.test('arguments', async t => {
  const options = childOptions('/data/etcd', '10.0.0.1', 'n1')
  const steady = steadyArguments(options, [])
  t.notOk(
    steady.some(arg => /http:.*client/.test(arg)),
    'no port for clients',
  )
  t.ok(isSameEtcd([...steadyArguments(options, ['http://10.0.0.9:2380']), '--force-new-cluster'], steady))
  t.notOk(isSameEtcd(steadyArguments({ ...options, quotaBytes: 1 }, []), steady))
  t.notOk(isSameEtcd(steadyArguments({ ...options, bindAddress: '10.0.0.2' }, []), steady))
  t.ok(
    steadyArguments({ ...options, advertiseAddress: 'fd00::1' }, []).includes(
      '--initial-advertise-peer-urls=http://[fd00::1]:2380',
    ),
  )
  t.same(
    initialArguments(
      options,
      {
        how: 'enter',
        members: [
          { name: 'n2', peerUrl: 'http://10.0.0.2:2380' },
          { name: '', peerUrl: 'http://10.0.0.1:2380' },
          { name: '', peerUrl: 'http://10.0.0.3:2380' },
        ],
      },
      'token',
    )[0],
    '--initial-cluster=n1=http://10.0.0.1:2380,n2=http://10.0.0.2:2380,unstarted-1=http://10.0.0.3:2380',
  )
  for (let multiplier = 1; multiplier <= 10; multiplier++) {
    const { heartbeat, election } = raftTiming(multiplier)
    t.ok(election >= 5 * heartbeat, 'etcd refuses less')
  }
  t.ok(2 * raftTiming(5).election < 2000, 'a leader is replaced within two seconds')
})

void t.test('what an etcd must not inherit', async t => {
  const env = etcdEnvironment(
    { PATH: '/bin', ETCD_NAME: 'x', HTTP_PROXY: 'http://web', https_proxy: 'y', NO_PROXY: '*', HOME: '/h' },
    8080,
    { architecture: 'x64', cores: 8 },
  )
  t.same(env, { PATH: '/bin', HOME: '/h', HTTP_PROXY: 'http://127.0.0.1:8080', GOMAXPROCS: '4' })
  t.same(etcdEnvironment({}, undefined, { architecture: 'arm64', cores: 1 }), {
    ETCD_UNSUPPORTED_ARCH: 'arm64',
    GOMAXPROCS: '1',
  })
  t.equal(
    etcdEnvironment({ GOMAXPROCS: '3' }, undefined, { architecture: 'x64', cores: 8 }).GOMAXPROCS,
    '3',
    'who sets it is heard',
  )
})

void t.test('lines of its log', async t => {
  const line = parseLine('{"level":"warn","ts":"2026-01-01","caller":"a.go:1","msg":"slow","error":"disk","took":"1s"}')
  t.same(line, { level: 'warn', message: 'slow', fields: { error: 'disk', took: '1s' } })
  t.equal(lineText(line), 'slow: disk')
  t.equal(parseLine('{"level":"info","msg":"x"}').level, 'debug')
  t.equal(parseLine('{"level":"fatal","msg":"x"}').level, 'error')
  t.equal(parseLine('panic: boom').level, 'error')
  t.equal(parseLine('{broken').level, 'debug')
  t.ok(
    String(parseLine(JSON.stringify({ level: 'warn', msg: 'x', request: 'y'.repeat(5000) })).fields.request).length
      < 1100,
  )
  t.same(
    readRestored('newRaft 6e17ecdbf0f4600 [peers: [], term: 7, commit: 4, applied: 0, lastindex: 9, lastterm: 7]'),
    { member: '6e17ecdbf0f4600', term: 7, applied: 0, index: 9 },
  )
})

void t.test('why it ended', async t => {
  const cases: readonly (readonly [string, string, RegExp, string, RegExp])[] = [
    [
      'a full disk',
      '{"level":"panic","msg":"failed to create WAL","error":"no space left on device"}',
      /the disk is full/,
      'crash',
      /free space/,
    ],
    [
      'a damaged log',
      '{"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch"}',
      /damaged/,
      'damaged',
      /enters afresh by itself/,
    ],
    ['a lost head', 'panic: cannot use none as id', /damaged/, 'damaged', /enters afresh by itself/],
    [
      'a damaged database',
      '{"level":"panic","msg":"failed to open database","error":"invalid database"}',
      /damaged/,
      'damaged',
      /enters afresh by itself/,
    ],
    [
      'a taken port',
      '{"level":"fatal","msg":"discovery failed","error":"listen tcp 127.0.0.1:1: bind: address already in use"}',
      /port is in use/,
      'crash',
      /ports\.server/,
    ],
    ['an unknown flag', 'flag provided but not defined: -pre-vote', /flags/, 'hopeless', /3\.4/],
    ['no reason known', '{"level":"panic","msg":"tea time"}', /tea time/, 'crash', /^$/],
  ]
  for (const [name, text, reason, kind, hint] of cases) {
    const ending = explainExit([parseLine('{"level":"info","msg":"x"}'), parseLine(text)], 2, undefined)
    t.equal(ending.kind, kind, name)
    t.match(ending.reason, reason, name)
    t.match(ending.hint ?? '', hint, name)
  }
  const cut = [parseLine('{"level":"fatal","msg":"failed to repair WAL","error":"unexpected EOF"}')]
  t.equal(explainExit(cut, 1, undefined).kind, 'damaged')
  t.match(
    explainExit(cut, 1, undefined, true),
    { kind: 'crash', reason: /the disk is full/ },
    'there is a way back from a full disk',
  )
  t.match(
    explainExit([], 1, undefined, true),
    { kind: 'crash', reason: /the disk is full/ },
    'there was no room to say so',
  )
  t.equal(
    explainExit([parseLine('{"level":"warn","msg":"lost TCP stream","error":"unexpected EOF"}')], 2, undefined).kind,
    'crash',
    'a warning is no cause',
  )
  t.equal(
    explainExit([parseLine('{"level":"warn","msg":"data-dir used by this member must be removed"}')], 0, undefined)
      .kind,
    'removed',
  )
})

void t.test('a log that grows: every line once, over restarts of the reader, and emptied when it is large', async t => {
  const directory = temporaryDirectory(t)
  const heard: string[] = []
  const tail = (): LogTail =>
    new LogTail(directory, systemClock, line => {
      heard.push(line.message)
    })
  const file = openLogForWriting(directory)
  t.teardown(() => {
    fs.closeSync(file)
  })
  const written: string[] = []
  const write = (count: number, size = 10): void => {
    for (let i = 0; i < count; i++) {
      const message = `${written.length} ${'é'.repeat(size)}`
      written.push(message)
      fs.writeSync(file, `{"level":"info","msg":"${message}"}\n`)
    }
  }
  write(3)
  const first = tail()
  first.drain()
  t.same(heard, written)
  fs.writeSync(file, '{"level":"info","msg":"ha')
  first.drain()
  first.close()
  fs.writeSync(file, 'lf"}\n')
  written.push('half')
  write(2)
  const second = tail()
  second.drain()
  t.same(heard, written, 'a line in two parts, and by two readers')
  write(6000, 450)
  t.ok(fs.fstatSync(file).size > 4 * 2 ** 20)
  second.drain()
  second.drain()
  t.equal(fs.fstatSync(file).size, 0, 'emptied')
  write(2)
  second.close()
  const third = tail()
  third.close()
  t.equal(heard.length, written.length)
  t.same(heard, written)
})

void t.test(
  'the proxy: the stored address leads to the present one, streams pass as they come, strangers are not reached',
  async t => {
    const answers: http.ServerResponse[] = []
    const member = http.createServer((request, response) => {
      if (request.url === '/stream') {
        answers.push(response)
        response.write('first')
        return
      }
      request.pipe(response)
    })
    await new Promise<void>(resolve => {
      member.listen(0, '127.0.0.1', resolve)
    })
    t.teardown(() => {
      member.closeAllConnections()
      member.close()
    })
    const { port } = member.address() as { port: number }
    const proxy = await PeerProxy.open(0)
    t.teardown(() => {
      proxy.close()
    })
    proxy.route(
      new Map([
        ['10.0.0.1:2380', `127.0.0.1:${port}`],
        ['10.0.0.2:2380', '127.0.0.1:1'],
      ]),
    )
    const ask = (
      url: string,
      body = '',
    ): Promise<{ readonly status: number | undefined; readonly response: http.IncomingMessage }> =>
      new Promise((resolve, reject) => {
        const request = http.request(
          { host: '127.0.0.1', port: proxy.port, path: url, method: 'POST', agent: false },
          response => {
            resolve({ status: response.statusCode, response })
          },
        )
        request.once('error', reject)
        request.end(body)
      })
    const text = async (response: http.IncomingMessage): Promise<string> => {
      let all = ''
      for await (const chunk of response) all += String(chunk)
      return all
    }
    const echoed = await ask('http://10.0.0.1:2380/raft', 'message')
    t.equal(await text(echoed.response), 'message')
    const stream = await ask('http://10.0.0.1:2380/stream')
    stream.response.setEncoding('utf8')
    const [chunk] = await new Promise<string[]>(resolve => {
      stream.response.once('data', (chunk: string) => {
        resolve([chunk])
      })
    })
    t.equal(chunk, 'first', 'before the stream ends')
    stream.response.destroy()
    await until('the end reaches the member', () => answers[0]?.destroyed)
    t.equal((await ask('http://10.0.0.2:2380/raft')).status, 502)
    t.equal((await ask('http://10.9.9.9:80/')).status, 502)
    t.equal((await ask('/raft')).status, 502)
  },
)
