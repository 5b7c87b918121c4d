import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { writeArchive } from '../../src/snapshot/index.js'
import { muster } from '../support/muster.js'

const record = (key: string, value: string) => ({ key, value: Buffer.from(value), created: 1, modified: 1 })

t.test('wrong arguments and files end with what to do', async t => {
  const folder = t.testdir({ 'junk.snap': 'junk', 'empty.snap': '' })
  const file = (name: string): string => path.join(folder, name)
  for (const [args, message, advice] of [
    [['save'], 'Missing FILE argument', /usage: muster snapshot save/],
    [['save', 'a', 'b'], 'Too many arguments \\(expected 1, got 2\\)', /-h tells more/],
    [['restore'], 'Missing FILE argument', /usage: muster snapshot restore/],
    [['restore', file('absent.snap')], 'Error opening snapshot file: ENOENT', /name a file/],
    [
      ['restore', file('junk.snap')],
      'Error reading snapshot: failed to decompress snapshot: ',
      /take one that "muster snapshot save" has written/,
    ],
    [['inspect'], 'Missing FILE argument', /usage/],
    [
      ['inspect', file('empty.snap')],
      'Error reading snapshot: failed to decompress snapshot: unexpected EOF',
      /take one/,
    ],
    [['inspect', '-format=yaml', file('junk.snap')], '"yaml" is no format', /pretty and json are allowed/],
    [['inspect', '-kvdepth=0', file('junk.snap')], '-kvdepth: "0" is no whole number above 0', /usage/],
  ] as const)
    t.match(
      await muster(['snapshot', ...args]),
      { code: 1, out: '', err: new RegExp(`^Error: ${message}[^]*${advice.source}`) },
      args.join(' '),
    )
})

t.test('inspect sums by type, and keys by their prefixes', async t => {
  const file = path.join(t.testdir(), 'x.snap')
  const meta = { ID: '3-61-1', Index: 61, Term: 3, Build: '0.1.0', Datacenter: 'dc1' }
  const records = [
    record('kv/app/a/x', '1'),
    record('kv/app/a/y', '2'),
    record('kv/app/b', '3'),
    record('kv/zoo', '4'),
    record('node/n1', 'a node'),
  ]
  fs.writeFileSync(file, await writeArchive({ meta, records }, 0))
  const plain = await muster(['snapshot', 'inspect', file])
  t.match(
    plain.out,
    /^ ID +3-61-1\n Size +\d+\n Index +61\n Term +3\n Version +1\n\n Type +Count +Size *\n ---- +---- +---- *\n KVS +4 +\d+B\n Register +1 +\d+B\n/,
  )
  const rows = async (...flags: string[]): Promise<readonly string[]> => {
    const { StatsKV } = JSON.parse(
      (await muster(['snapshot', 'inspect', '-format=json', '-kvdetails', ...flags, file])).out,
    ) as { StatsKV: { Name: string; Count: number }[] }
    return StatsKV.map(({ Name, Count }) => `${Name} ${Count}`).sort()
  }
  t.same(await rows(), ['app/a 2', 'app/b 1', 'zoo 1'])
  t.same(await rows('-kvdepth=1'), ['app 3', 'zoo 1'])
  t.same(await rows('-kvdepth=1', '-kvfilter=app/a'), ['app 2'])
})

t.test('commands against an agent that answers as Consul does', async t => {
  const archive = fs.readFileSync('test/fixtures/snapshots/consul-1.10.snap')
  const damaged = Buffer.from(archive.subarray(0, -40))
  const kept = { snapshot: archive, asked: [] as string[] }
  const server = http.createServer((request, response) => {
    kept.asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    if (request.url?.startsWith('/v1/snapshot') === true) response.end(kept.snapshot)
    else response.end()
  })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise(resolve => {
        server.close(resolve)
      }),
  )
  const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${(server.address() as AddressInfo).port}` }
  const folder = t.testdir()
  const file = path.join(folder, 'consul.snap')
  t.match(await muster(['snapshot', 'save', file], { env }), {
    code: 0,
    out: 'Saved and verified snapshot to index 41\n',
    err: /^ {2}note: the archive is Consul's: its checksums and sizes hold, its records were not read/,
  })
  t.ok(fs.readFileSync(file).equals(archive))
  kept.snapshot = damaged
  t.match(await muster(['snapshot', 'save', path.join(folder, 'cut.snap')], { env }), {
    code: 1,
    out: '',
    err: /^Error: Error verifying snapshot file: /,
  })
  t.notOk(fs.existsSync(path.join(folder, 'cut.snap')))
  t.match(await muster(['reload'], { env }), { code: 0, out: 'Configuration reload triggered\n', err: '' })
  t.equal(kept.asked.at(-1), 'PUT /v1/agent/reload?format=json')
})
