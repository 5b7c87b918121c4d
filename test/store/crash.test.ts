import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openLmdbStore } from '../../src/store/index.js'
import { always, put } from './suite.js'

const writer = fileURLToPath(new URL('crash-writer.js', import.meta.url))

/** Lets a writer run until it has reported `enough` acknowledgements, kills it, and gives all that it reported. */
async function runAndKill(directory: string, round: number, enough: number): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [writer, directory, `${round}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const acknowledged = new Map<string, number>()
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, revision] = line.split(' ')
    // A last line may have been cut off by the kill; only a whole one is an acknowledgement, and revisions only grow.
    if (name !== undefined && revision !== undefined && /^\d+$/.test(revision)) acknowledged.set(name, Number(revision))
    if (acknowledged.size === enough) child.kill('SIGKILL')
  }
  t.same(await exit, [null, 'SIGKILL'])
  return acknowledged
}

void t.test('writes acknowledged before a SIGKILL are there after it', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'muster-crash-'))
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const all = new Map<string, number>()
  for (let round = 0; round < 6; round++) {
    const acknowledged = await runAndKill(directory, round, 1 + Math.floor(Math.random() * 3000))
    for (const [name, revision] of acknowledged) all.set(name, revision)
    const newest = Math.max(...acknowledged.values())

    const store = await openLmdbStore({ directory })
    const { entries, revision } = await store.load()
    const modified = new Map<string, number>(entries.map(entry => [entry.key, entry.modified]))
    t.same(
      [...all].filter(([name, at]) => modified.get(`left/${name}`) !== at),
      [],
      'each acknowledged write is there, at its revision',
    )
    const lefts = entries.filter(({ key }) => key.startsWith('left/'))
    t.same(
      lefts.filter(({ key, modified: at }) => modified.get(key.replace('left', 'right')) !== at),
      [],
      'no transaction is there in part',
    )
    t.equal(entries.filter(({ key }) => key.startsWith('right/')).length, lefts.length)
    t.ok(revision >= newest, `revision ${revision} does not fall behind ${newest}`)
    t.same(await store.commit(always(put('after'))), { ok: true, revision: revision + 1 }, 'revisions continue')
    await store.close()
  }
})
