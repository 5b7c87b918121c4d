import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { plainly } from '../support/agent-process.js'
import { run, type Outcome } from '../support/run.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

// A package is made and installed from the registry, as somebody would.
t.setTimeout(240_000)

interface Locked {
  readonly version?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

/** Runs npm as from a shell of its own. */
async function npm(cwd: string, ...args: string[]): Promise<Outcome> {
  const [command, plain] = plainly('npm', args)
  const outcome = await run(command, plain, { cwd, timeout: 200_000 })
  if (outcome.code !== 0) throw new Error(`npm ${args.join(' ')}: ${outcome.err}`)
  return outcome
}

const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** The versions of each package that a lock names for this platform, without those that only developers need. */
function locked(lock: string): Map<string, Set<string>> {
  const { packages } = JSON.parse(fs.readFileSync(lock, 'utf8')) as { packages: Record<string, Locked> }
  const versions = new Map<string, Set<string>>()
  for (const [place, { version = '', dev, devOptional, os, cpu, libc }] of Object.entries(packages)) {
    const fits = [
      [os, process.platform],
      [cpu, process.arch],
      [libc, 'glibc'],
    ].every(([allowed, ours]) => allowed === undefined || allowed.includes(ours as string))
    if (place === '' || dev === true || devOptional === true || !fits || nameOf(place) === 'muster-sd') continue
    versions.set(nameOf(place), (versions.get(nameOf(place)) ?? new Set()).add(version))
  }
  return versions
}

t.test('a package made of a clone holds the program, and an installed one runs with the tested versions', async t => {
  const [clone, elsewhere] = [temporaryDirectory(t), temporaryDirectory(t)]
  const { out: tracked } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  for (const file of tracked
    .split('\n')
    .filter(name => name !== '' && !name.startsWith('test/') && fs.existsSync(name)))
    fs.cpSync(file, path.join(clone, file))
  // What building needs is here already; a clone without it is given it by npm ci.
  fs.symlinkSync(path.resolve('node_modules'), path.join(clone, 'node_modules'))

  const [packed] = JSON.parse((await npm(clone, 'pack', '--json')).out) as [
    { filename: string; name: string; files: { path: string }[] },
  ]
  const files = packed.files.map(file => file.path)
  t.equal(packed.name, 'muster-sd')
  for (const file of ['dist/muster.js', 'schemas/agent.schema.json', 'npm-shrinkwrap.json', 'README.md', 'LICENSE'])
    t.ok(files.includes(file), file)
  t.notOk(
    files.some(file => /^(src|test|bench|tools|node_modules)\//.test(file)),
    'nothing that only those need who work on it',
  )
  t.notOk(fs.existsSync(path.join(clone, 'npm-shrinkwrap.json')), 'the repository keeps one lock')

  fs.writeFileSync(path.join(elsewhere, 'package.json'), '{"private":true}')
  await npm(elsewhere, 'install', '--no-audit', '--no-fund', path.join(clone, packed.filename))
  const [tested, installed] = [locked('package-lock.json'), locked(path.join(elsewhere, 'package-lock.json'))]
  t.ok(tested.size > 50)
  t.same([...installed.keys()].sort(), [...tested.keys()].sort())
  for (const [name, versions] of tested) {
    // Of several versions a manifest can name one.
    if (versions.size === 1) t.same([...(installed.get(name) ?? [])], [...versions], name)
    else
      t.ok(
        [...versions].some(version => installed.get(name)?.has(version)),
        name,
      )
  }
  const version = await run(...plainly(path.join(elsewhere, 'node_modules/.bin/muster'), ['version']))
  t.match(version, { code: 0, out: /^muster v\d/ })
})
