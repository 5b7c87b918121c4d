import { MusterError } from '../../src/common/errors.js'
import { openLmdbStore } from '../../src/store/index.js'

/*
 * Run as a process of its own by lmdb-failures.test.ts, with a limit on the size of files: writes until there is no
 * room, then compares what was acknowledged with what is there, makes room and writes again. Prints what it found as
 * JSON.
 */
const [directory = ''] = process.argv.slice(2)
const reports: (string | undefined)[] = []
const store = await openLmdbStore({
  directory,
  report: fault => {
    reports.push(fault?.code)
  },
})
const acknowledged = new Set<string>()
const codes = new Set<string>()
const hints = new Set<string | undefined>()

for (let round = 0; codes.size === 0 && round < 1000; round++) {
  await Promise.all(
    Array.from({ length: 16 }, async (_, i) => {
      const key = `${round}/${i}`
      try {
        await store.commit({
          when: [],
          then: [
            { kind: 'put', key, value: Buffer.alloc(10_000, i) },
            { kind: 'put', key: `${key}/twin`, value: Buffer.alloc(10) },
          ],
        })
        acknowledged.add(key).add(`${key}/twin`)
      } catch (error) {
        codes.add(error instanceof MusterError ? error.code : String(error))
        hints.add(error instanceof MusterError ? error.hint : undefined)
      }
    }),
  )
}
const { entries, revision } = await store.load()
const removed = [...acknowledged].slice(0, 200)
const deletion = await store.commit({ when: [], then: removed.map(key => ({ kind: 'delete', key })) })
const later = await store.commit({ when: [], then: [{ kind: 'put', key: 'later', value: Buffer.alloc(1000) }] })
// A small write fits where a large one does not: all of that is one fault, told once.
const write = (size: number) =>
  store.commit({ when: [], then: [{ kind: 'put', key: 'again', value: Buffer.alloc(size) }] }).then(
    () => true,
    () => false,
  )
const alternating = [await write(5_000_000), await write(1), await write(5_000_000)]
const { writable } = await store.status()
await store.close()
console.log(
  JSON.stringify({
    reports,
    alternating,
    codes: [...codes],
    hints: [...hints],
    acknowledged: acknowledged.size,
    present: entries.length,
    same: entries.every(({ key }) => acknowledged.has(key)),
    revision,
    deletion: deletion.revision,
    later: later.revision,
    writable,
  }),
)
