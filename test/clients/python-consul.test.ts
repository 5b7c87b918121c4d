import path from 'node:path'
import t from 'tap'
import { startAgent } from '../support/agent-process.js'
import { run } from '../support/run.js'

// The script tells each thing that it tried as a line of JSON.
t.test('the Python client of Debian, python3-consul', async t => {
  const agent = await startAgent(t)
  const { code, out, err } = await run('/usr/bin/python3', [path.resolve('test/clients/python_consul.py'), '127.0.0.1', String(agent.http)])
  const lines = out.split('\n').filter(line => line !== '').map(line => JSON.parse(line) as { what: string; ok: boolean; detail: string })
  for (const { what, ok, detail } of lines) t.ok(ok, `${what} ${detail}`)
  t.ok(lines.length > 30, `${lines.length} things were tried`)
  t.equal(code, 0, err)
})
