import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...fs
    .readdirSync('docs', { recursive: true })
    .map(name => path.join('docs', String(name)))
    .filter(name => name.endsWith('.md')),
]

/** Files and folders of the repository that a text names in backticks, and what its links lead to. */
function named(document: string): string[] {
  const text = fs.readFileSync(document, 'utf8')
  const inBackticks = [...text.matchAll(/`((?:src|test|bench|tools|schemas|docs|\.github|\.ci)\/[^`\s]*)`/g)]
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
  return [
    ...inBackticks.map(([, name = '']) => name),
    ...links.map(([, target = '']) => path.join(path.dirname(document), target)),
    // KIND and NAME stand for what is to be added.
  ].filter(name => !/[A-Z]{4}\.ts$/.test(name) && !/^src\/generated\b/.test(name))
}

for (const document of documents) {
  t.test(`every file that ${document} names exists`, async t => {
    for (const name of named(document)) t.ok(fs.existsSync(name), name)
  })
}

t.test('files are found in the documents at all', async t => {
  t.ok(named('docs/architecture.md').includes('src/store/store.ts'))
  t.ok(named('CONTRIBUTING.md').includes('docs/decisions/'))
})
