import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { checkKinds } from '../src/check-kinds/index.js'
import { commands } from '../src/cli/commands.js'
import { validatePaths, validateText } from '../src/config/index.js'
import type { Deps } from '../src/http/deps.js'
import { methods, type Endpoint } from '../src/http/route.js'
import { allRoutes } from '../src/http/routes/index.js'

const readme = fs.readFileSync('README.md', 'utf8')

/** Fenced blocks of a language, with the line that each begins in. */
const fenced = (language: string): { text: string; line: number }[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(match => ({
    text: match[1] ?? '',
    line: readme.slice(0, match.index).split('\n').length,
  }))

t.test('every configuration in the README is valid beside the script setting it speaks of', async t => {
  for (const [language, format] of [
    ['json5', 'json'],
    ['hcl', 'hcl'],
  ] as const) {
    const blocks = fenced(language)
    t.ok(blocks.length > 0, language)
    for (const { text, line } of blocks) {
      const { diagnostics } = validateText(`README.md:${line}`, text, format)
      t.same(
        diagnostics.filter(({ code }) => code !== 'scripts-disabled'),
        [],
        `README.md:${line}`,
      )
    }
  }
})

t.test('the example configuration is valid', async t => {
  t.same(validatePaths(['conf.example']).diagnostics, [])
})

t.test('the README names every kind of check', async t => {
  const paragraph = /^Checks are of these kinds:[^]*?\n\n/m.exec(readme)?.[0] ?? ''
  for (const target of checkKinds.flatMap(kind => kind.targets))
    t.ok(paragraph.includes(`\`${target}\``) || paragraph.includes(`\`${target}: `), target)
})

t.test('every command that the README names exists', async t => {
  const names = commands.flatMap(({ name, isOfGroup }) => (isOfGroup === true ? [name, name.split(' ')[0]] : [name]))
  const shell = fenced('sh')
    .map(({ text }) => text)
    .join('\n')
  const command = '([a-z][a-z-]*(?: [a-z][a-z-]*){0,2})'
  for (const [, text = ''] of [
    ...shell.matchAll(new RegExp(`^muster ${command}`, 'gm')),
    ...readme.matchAll(new RegExp(`\`muster ${command}`, 'g')),
  ]) {
    const words = text.split(' ')
    t.ok(words[0] === 'help' || words.some((_, i) => names.includes(words.slice(0, i + 1).join(' '))), `muster ${text}`)
  }
})

/** Stands for anything that routes take from their dependencies while they are listed. */
const anything: unknown = new Proxy(() => undefined, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => 0 : anything),
  apply: () => anything,
})

t.test('docs/consul.md names every endpoint, command and key there is, and no other', async t => {
  const { page } = (await import(pathToFileURL(path.resolve('tools/compatibility.mjs')).href)) as { page: () => string }
  const { endpoints } = (await import(pathToFileURL(path.resolve('tools/compatibility-notes.mjs')).href)) as {
    endpoints: Readonly<Record<string, readonly [string, string]>>
  }
  const text = fs.readFileSync('docs/consul.md', 'utf8')
  t.equal(text, page(), 'it is out of date: run "node tools/compatibility.mjs"')

  const methodsOf = (endpoint: Endpoint): string => methods.filter(method => endpoint[method] !== undefined).join(', ')
  const routes = allRoutes(anything as Deps).flatMap(route => [
    [route.path, methodsOf(route)],
    ...Object.entries(route.endings ?? {}).map(([ending, endpoint]) => [`${route.path}${ending}`, methodsOf(endpoint)]),
  ])
  t.same(
    Object.fromEntries(Object.entries(endpoints).map(([where, [written]]) => [where, written])),
    Object.fromEntries(routes),
    'the endpoints of tools/compatibility-notes.mjs are those of src/http/routes',
  )

  const lines = text.split('\n')
  for (const { name } of commands)
    t.ok(
      lines.some(line => line.startsWith(`| \`${name}\` |`)),
      `command ${name}`,
    )
  for (const part of ['agent', 'service', 'check', 'watch']) {
    const { properties } = JSON.parse(fs.readFileSync(`schemas/${part}.schema.json`, 'utf8')) as {
      properties: Readonly<Record<string, unknown>>
    }
    for (const key of Object.keys(properties))
      t.ok(
        lines.some(line => line.startsWith(`| \`${key}\` |`)),
        `key ${key} of ${part}.schema.json`,
      )
  }
})

t.test('a licence that everyone may use', async t => {
  const { license, dependencies } = JSON.parse(fs.readFileSync('package.json', 'utf8')) as {
    license: string
    dependencies: Record<string, string>
  }
  t.equal(license, 'MIT')
  const free = /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|BlueOak-1\.0\.0|0BSD|Python-2\.0)( OR .*)?\)?$/
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const file = `node_modules/${name}/package.json`
    // An optional dependency for another platform is not installed.
    if (!fs.existsSync(file)) return
    const found = JSON.parse(fs.readFileSync(file, 'utf8')) as {
      license?: string
      dependencies?: Record<string, string>
      optionalDependencies?: Record<string, string>
    }
    t.match(found.license, free, name)
    for (const dependency of Object.keys({ ...found.dependencies, ...found.optionalDependencies })) visit(dependency)
  }
  for (const name of Object.keys(dependencies)) visit(name)
})
