import { writeSync } from 'node:fs'
import { errorCode } from '../../src/common/errors.js'
import { openLmdbStore } from '../../src/store/index.js'

/*
 * Run as a process of its own by crash.test.ts: writes pairs of keys from many callers until it is killed, and says
 * which were acknowledged, a line each: round, caller, number, revision.
 */
const [directory = '', round = ''] = process.argv.slice(2)
const store = await openLmdbStore({ directory })

/** Says it before anything else happens; a pipe that is full for the moment is tried again. */
function report(line: string): void {
  for (let rest = Buffer.from(line); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error
    }
  }
}

async function write(caller: number): Promise<never> {
  for (let number = 0; ; number++) {
    const value = Buffer.from(`${round} ${caller} ${number}`)
    const name = `${round}/${caller}/${number}`
    const { revision } = await store.commit({
      when: [{ test: 'absent', key: `left/${name}` }],
      then: [
        { kind: 'put', key: `left/${name}`, value },
        { kind: 'put', key: `right/${name}`, value },
      ],
    })
    report(`${name} ${revision}\n`)
  }
}

await Promise.all(Array.from({ length: 24 }, (_, caller) => write(caller)))
