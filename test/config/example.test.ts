import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { diagnosticLine, validatePaths } from '../../src/config/index.js'

t.test('the example configuration is without a finding', t => {
  const { diagnostics, files, services } = validatePaths(['conf.example'])
  t.same(diagnostics.map(diagnosticLine), [])
  t.ok(files.length >= 4)
  t.ok(services >= 3)
  t.end()
})

t.test('the schemas it names are there', t => {
  for (const name of fs.readdirSync('conf.example')) {
    const reference = /\$schema"?: ['"]([^'"]+)['"]/.exec(fs.readFileSync(path.join('conf.example', name), 'utf8'))?.[1]
    if (reference !== undefined) t.ok(fs.existsSync(path.join('conf.example', reference)), `${name}: ${reference}`)
  }
  t.end()
})
