import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openLmdbStore } from '../../src/store/index.js'
import { storeSuite } from './suite.js'

const directories = mkdtempSync(join(tmpdir(), 'muster-store-'))
t.teardown(() => {
  rmSync(directories, { recursive: true, force: true })
})

let opened = 0
storeSuite('lmdb', () => openLmdbStore({ directory: join(directories, `store.${opened++}`) }))
