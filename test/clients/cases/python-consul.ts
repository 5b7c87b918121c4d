import path from 'node:path'
import type { Test } from 'tap'
import { run } from '../../support/run.js'
import type { Open } from '../target.js'

/**
 * Drives an agent by the client of Debian, `python3-consul`. The script tells each thing that it tried as a line of
 * JSON.
 */
export async function pythonConsul(t: Test, open: Open): Promise<void> {
  const { host, port, node, nodes } = await open(t)
  const { code, out, err } = await run('/usr/bin/python3', [
    path.resolve('test/clients/cases/python_consul.py'),
    host,
    String(port),
    node,
    ...nodes,
  ])
  const lines = out
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as { what: string; ok: boolean; detail: string })
  for (const { what, ok, detail } of lines) t.ok(ok, `${what} ${detail}`)
  t.ok(lines.length > 30, `${lines.length} things were tried`)
  t.equal(code, 0, err)
}
