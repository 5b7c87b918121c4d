import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { muster } from '../support/muster.js'

t.test('kv: put, get, delete, export, import', async t => {
  const agent = await startAgent(t, { dev: true })
  const run = async (args: readonly string[], input?: string): Promise<readonly [number | null, string]> => {
    const { code, out, err } = await muster(['kv', ...args], { agent, ...(input !== undefined && { input }) })
    return [code, out + err]
  }
  const file = path.join(agent.directory, 'data')
  fs.writeFileSync(file, Buffer.from([0x31, 0, 0x0a, 0x32]))
  const { ID: session } = (await (
    await agent.api('/v1/session/create', { method: 'PUT', body: '{"LockDelay":0}' })
  ).json()) as { ID: string }
  const cases: readonly [readonly string[], number, string | RegExp, string?][] = [
    [['put', 'app/color', 'blue'], 0, 'Success! Data written to: app/color\n'],
    [['get', '/app/color'], 0, 'blue\n'],
    [['get', '-base64', 'app/color'], 0, 'Ymx1ZQ==\n'],
    [['put', '-flags=18446744073709551615', 'app/a/b', '-'], 0, 'Success! Data written to: app/a/b\n', 'from stdin'],
    [['put', 'app/file', `@${file}`], 0, 'Success! Data written to: app/file\n'],
    [['get', 'app/file'], 0, '1\u0000\n2\n'],
    [['put', '-base64', 'app/none', ''], 0, 'Success! Data written to: app/none\n'],
    [['put', '-base64', 'x', '!'], 1, 'Error! Cannot base 64 decode data\n'],
    [['get', '-recurse', 'app/'], 0, 'app/a/b:from stdin\napp/color:blue\napp/file:1\u0000\n2\napp/none:\n'],
    [['get', '-keys', 'app/'], 0, 'app/a/\napp/color\napp/file\napp/none\n'],
    [['get', '-keys', '-separator=', 'app/a'], 0, 'app/a/b\n'],
    [['get', '-keys', 'nothing/'], 0, ''],
    [['get', '-recurse', 'nothing/'], 0, ''],
    [
      ['get', '-detailed', 'app/a/b'],
      0,
      /^CreateIndex {6}\d+\nFlags {12}18446744073709551615\nKey {14}app\/a\/b\nLockIndex {8}0\nModifyIndex {6}\d+\nSession {10}-\nValue {12}from stdin\n$/,
    ],
    [['get', '-detailed', '-recurse', 'app/'], 0, /\n\nCreateIndex/],
    [['get', 'nothing'], 1, 'Error! No key exists at: nothing\n'],
    [['get'], 1, 'Error! Missing KEY argument\n'],
    [
      ['put', '-cas', 'app/color', 'red'],
      1,
      'Error! Did not write to app/color: CAS performed with index=0 and key already exists.\n',
    ],
    [['put', '-cas', '-modify-index=1', 'app/color', 'red'], 1, 'Error! Did not write to app/color: CAS failed\n'],
    [['put', '-acquire', 'lock', 'x'], 1, 'Error! Missing -session (required with -acquire and -release)\n'],
    [['put', '-acquire', `-session=${session}`, 'lock', 'x'], 0, 'Success! Lock acquired on: lock\n'],
    [['put', '-release', `-session=${session}`, 'lock', 'x'], 0, 'Success! Lock released on: lock\n'],
    [['put', '-release', `-session=${session}`, 'lock', 'x'], 1, 'Error! Did not release lock\n'],
    [['export', 'app/c'], 0, '[\n\t{\n\t\t"key": "app/color",\n\t\t"flags": 0,\n\t\t"value": "Ymx1ZQ=="\n\t}\n]\n'],
    [['import'], 1, 'Error! Missing DATA argument\n'],
    [['import', 'nonsense'], 1, /Cannot unmarshal data/],
    [
      ['import', '[{"key":"x","flags":-1}]'],
      1,
      'Error: Cannot unmarshal data: flags of "x" are no whole number of 64 bits\n',
    ],
    [['import', '@/no/such/file'], 1, /ENOENT/],
    [['import', ''], 1, 'Error! Empty DATA argument\n'],
    [
      ['import', '[{"key":"api/a","value":"eA"}]'],
      1,
      'Error: Cannot unmarshal data: the value of "api/a" is not in base64\n',
    ],
    [
      [
        'import',
        '[{"LockIndex":0,"Key":"api/a","Flags":3,"Value":"eA==","CreateIndex":4,"ModifyIndex":4},{"Key":"api/b","Value":null}]',
      ],
      0,
      'Imported: api/a\nImported: api/b\n',
    ],
    [
      ['export', 'api/'],
      0,
      '[\n\t{\n\t\t"key": "api/a",\n\t\t"flags": 3,\n\t\t"value": "eA=="\n\t},\n\t{\n\t\t"key": "api/b",\n\t\t"flags": 0,\n\t\t"value": ""\n\t}\n]\n',
    ],
    [
      ['import', `[{"key":"one"},{"key":"${'k'.repeat(4097)}"}]`],
      1,
      /^Imported: one\nError: Failed writing data for key k+: Unexpected response code: 400 \(key "k+…" is 4097 bytes long/,
    ],
    [
      ['get', '-namespace=team', 'app/color'],
      1,
      'Error: Unexpected response code: 400 (Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature)\n',
    ],
    [
      ['put', '-partition', 'p', 'app/color', 'red'],
      1,
      'Error: Unexpected response code: 400 (Invalid query parameter: "partition" - Partitions are a Consul Enterprise feature)\n',
    ],
    [['get', '-namespace=', 'app/color'], 0, 'blue\n'],
    [['delete', '-recurse', '-cas', 'app/'], 1, 'Cannot specify both -cas and -recurse!\n'],
    [['delete', '-modify-index=1', 'app/color'], 1, 'Cannot specify -modify-index without -cas!\n'],
    [['delete', '-cas', '-modify-index=1', 'app/color'], 1, 'Error! Did not delete key app/color: CAS failed\n'],
    [['delete'], 1, 'Error! Missing KEY argument\n'],
    [['delete', 'nothing'], 0, 'Success! Deleted key: nothing\n'],
  ]
  for (const [args, code, output, input] of cases) {
    const [actual, printed] = await run(args, input)
    t.equal(actual, code, args.join(' '))
    if (typeof output === 'string') t.equal(printed, output, args.join(' '))
    else t.match(printed, output, args.join(' '))
  }
  const [, exported] = await run(['export', 'app/'])
  t.match(await run(['import', '-prefix=copy/', '-'], exported), [0, /^Imported: copy\/app\/a\/b\n/])
  const [, copied] = await run(['export', 'copy/'])
  t.equal(copied.replaceAll('copy/', ''), exported, 'flags and bytes survive')
  t.match(await run(['delete', '-recurse', 'copy/']), [0, 'Success! Deleted keys with prefix: copy/\n'])
  t.match(await run(['get', '-recurse', 'copy/']), [0, ''])
})
