import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { open } from 'lmdb'
import { openLmdbStore } from '../src/store/index.js'
import { row } from './support/row.js'

/** Milliseconds of each measurement: ours and the bare limit by turns, so that a slow moment of the disk hits both. */
const slice = 600
const turns = 3

const inFlight = [1, 64, 1000]
/** Bytes of a value: about what a service's record takes. */
const valueSize = 200

type Put = (caller: number, number: number) => Promise<unknown>

/**
 * Durable single puts a second through Store.commit, beside puts on the bare lmdb package that wait for the disk in the
 * same way.
 */
export async function run(): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'muster-bench-'))
  const value = Buffer.alloc(valueSize, 'v')
  const store = await openLmdbStore({ directory: path.join(directory, 'ours') })
  const bare = open({
    path: path.join(directory, 'bare'),
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  })
  const ours: Put = (caller, number) =>
    store.commit({ when: [], then: [{ kind: 'put', key: `kv/${caller}/${number % 200}`, value }] })
  const limit: Put = (caller, number) => bare.put(Buffer.from(`kv/${caller}/${number % 200}`), value)
  try {
    for (const callers of inFlight) {
      const counts = { ours: 0, limit: 0 }
      for (let turn = 0; turn < turns; turn++) {
        counts.ours += await perSlice(callers, ours)
        counts.limit += await perSlice(callers, limit)
      }
      const rate = (count: number): string => `${Math.round((count * 1000) / slice / turns).toLocaleString('en')}/s`
      const share = `${Math.round((100 * counts.ours) / counts.limit)}%`
      row(
        'store',
        `durable put, ${callers} in flight`,
        rate(counts.ours),
        `bare lmdb ${rate(counts.limit)} (${share})${callers === 64 ? '; goal >= 25,000' : ''}`,
      )
    }
  } finally {
    await store.close()
    await bare.close()
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * How many puts end within a slice when each of so many callers makes the next one as soon as its last is acknowledged.
 */
async function perSlice(callers: number, put: Put): Promise<number> {
  const end = performance.now() + slice
  let count = 0
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let number = 0; performance.now() < end; number++) {
        await put(caller, number)
        count++
      }
    }),
  )
  return count
}
