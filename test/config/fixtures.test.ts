import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { diagnosticText, validatePaths } from '../../src/config/index.js'
import type { Diagnostic } from '../../src/config/index.js'

// Each file under bad/ says itself what must be found in it: `expect LINE:COLUMN CODE TEXT`, TEXT being a part of the
// finding. A folder under bad/ is read as one. Files under good/ must be without a finding.
const root = 'test/fixtures/config'

interface Expectation {
  readonly place: string
  readonly code: string
  readonly text: string
}

const expectations = (file: string): Expectation[] =>
  [...fs.readFileSync(file, 'utf8').matchAll(/^(?:\/\/|#)? ?expect (\d+:\d+) (\S+)(?: (.*))?$/gm)].map(
    ([, place = '', code = '', text = '']) => ({ place: `${file}:${place}`, code, text }),
  )

const filesUnder = (entry: string): string[] =>
  fs.statSync(entry).isDirectory()
    ? fs
        .readdirSync(entry)
        .sort()
        .map(name => path.join(entry, name))
    : [entry]

const found = (diagnostic: Diagnostic): string =>
  `${placeOf(diagnostic)} ${diagnostic.code} ${diagnosticText(diagnostic)}`
const placeOf = ({ at }: Diagnostic): string => (at === undefined ? '' : `${at.file}:${at.line}:${at.column}`)

for (const name of fs.readdirSync(path.join(root, 'bad'))) {
  const entry = path.join(root, 'bad', name)
  t.test(`bad/${name}`, t => {
    const expected = filesUnder(entry).flatMap(expectations)
    t.ok(expected.length > 0, 'carries an expectation')
    const { diagnostics } = validatePaths([entry])
    const missing = expected.filter(
      ({ place, code, text }) =>
        !diagnostics.some(
          diagnostic =>
            placeOf(diagnostic) === place && diagnostic.code === code && diagnosticText(diagnostic).includes(text),
        ),
    )
    t.same(missing, [], `all of these are found: ${diagnostics.map(found).join('\n')}`)
    t.equal(diagnostics.length, expected.length, `nothing else is found: ${diagnostics.map(found).join('\n')}`)
    t.end()
  })
}

for (const name of fs.readdirSync(path.join(root, 'good'))) {
  t.test(`good/${name}`, t => {
    t.same(validatePaths([path.join(root, 'good', name)]).diagnostics.map(found), [])
    t.end()
  })
}
