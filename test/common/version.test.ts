import fs from 'node:fs'
import t from 'tap'
import { version } from '../../src/common/version.js'

t.test('the program and its package say the same version', async t => {
  t.equal(version, (JSON.parse(fs.readFileSync('package.json', 'utf8')) as { version: string }).version)
})
