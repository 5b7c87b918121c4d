import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { plainly } from '../support/agent-process.js'
import { run, type Outcome } from '../support/run.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

t.setTimeout(120_000)

const changelog =
  '# Changelog\n\n## Unreleased\n\n- dns: quicker.\n- #7 is gone.\n\n## 0.1.0 (2026-01-02)\n\n- First.\n'

interface Repository {
  readonly directory: string
  readonly git: (...args: string[]) => Promise<string>
  readonly release: (...args: string[]) => Promise<Outcome>
  readonly text: (file: string) => string
}

/** A repository of a package that has what the release program touches, with one commit on main. */
async function repository(t: Test): Promise<Repository> {
  const directory = temporaryDirectory(t)
  const files: Readonly<Record<string, string>> = {
    'package.json': '{\n  "name": "sample-sd",\n  "version": "0.1.0",\n  "files": ["src"]\n}\n',
    'package-lock.json':
      '{"name":"sample-sd","version":"0.1.0","lockfileVersion":3,"packages":{"":{"name":"sample-sd","version":"0.1.0"}}}\n',
    'CHANGELOG.md': changelog,
    'src/common/version.ts': "export const version = '0.1.0'\n",
    '.gitignore': '/release/\n',
    'tools/release.mjs': fs.readFileSync('tools/release.mjs', 'utf8'),
  }
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.join(directory, path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(directory, file), text)
  }
  const env = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap(who => [
      [`GIT_${who}_NAME`, 'somebody'],
      [`GIT_${who}_EMAIL`, 'somebody@example.com'],
    ]),
  )
  const git = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await run('git', args, { cwd: directory, env })
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${err}`)
    return out.trim()
  }
  const release = (...args: string[]): Promise<Outcome> => {
    const [command, plain] = plainly('node', ['tools/release.mjs', ...args])
    return run(command, plain, { cwd: directory, env })
  }
  await git('init', '--quiet', '--initial-branch=main')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'all: begin')
  return { directory, git, release, text: file => fs.readFileSync(path.join(directory, file), 'utf8') }
}

t.test('a release is a version, a changelog, a commit, a tag, a package and its checksum', async t => {
  const { directory, git, release, text } = await repository(t)
  const { code, out, err } = await release('0.2.0', '--tested')
  t.equal(code, 0, err)

  for (const file of ['package.json', 'package-lock.json'])
    t.equal((JSON.parse(text(file)) as { version: string }).version, '0.2.0', file)
  t.match(text('package-lock.json'), /"": \{\s+"name": "sample-sd",\s+"version": "0\.2\.0"/)
  t.equal(text('src/common/version.ts'), "export const version = '0.2.0'\n")
  t.match(text('CHANGELOG.md'), /^## Unreleased\n\n## 0\.2\.0 \(\d{4}-\d\d-\d\d\)\n\n- dns: quicker\./m)

  t.equal(await git('log', '--format=%s'), 'release: 0.2.0\nall: begin')
  t.equal(await git('status', '--porcelain'), '', 'everything is committed')
  t.equal(await git('cat-file', '-t', 'v0.2.0'), 'tag', 'an annotated tag')
  t.equal(await git('rev-parse', 'v0.2.0^{commit}'), await git('rev-parse', 'HEAD'))
  t.equal(await git('tag', '--list', '--format=%(contents)'), 'sample-sd 0.2.0\n\n- dns: quicker.\n- #7 is gone.')

  const file = 'release/sample-sd-0.2.0.tgz'
  const sum = createHash('sha256')
    .update(fs.readFileSync(path.join(directory, file)))
    .digest('hex')
  t.equal(text('release/SHA256SUMS'), `${sum}  sample-sd-0.2.0.tgz\n`)
  const { out: packed } = await run('tar', ['-xOzf', file, 'package/package.json'], { cwd: directory })
  t.match(packed, /"version": "0\.2\.0"/)
  for (const command of ['git push origin main v0.2.0', `npm publish ${file}`]) t.ok(out.includes(command), command)
})

t.test('a dry run says what would be done and does nothing', async t => {
  const { directory, git, release, text } = await repository(t)
  const { code, out } = await release('0.2.0', '--dry-run')
  t.equal(code, 0)
  for (const step of ['npm test', '0.2.0 (now 0.1.0)', '2 entries', 'sample-sd-0.2.0.tgz', 'tag it v0.2.0'])
    t.ok(out.includes(step), step)
  t.equal(await git('status', '--porcelain'), '')
  t.equal(await git('tag', '--list'), '')
  t.equal(text('CHANGELOG.md'), changelog)
  t.notOk(fs.existsSync(path.join(directory, 'release')))
})

t.test('what must not be released is refused, and nothing is changed', async t => {
  const { directory, git, release } = await repository(t)
  const refused = async (why: RegExp, ...args: string[]): Promise<void> => {
    const { code, err } = await release(...args)
    t.equal(code, 1, String(why))
    t.match(err, why)
  }
  await refused(/usage/)
  await refused(/usage/, '0.2.0', '--force')
  await refused(/not a version/, '0.2')
  await refused(/lower than 0\.1\.0/, '0.0.9')
  await refused(/lower than 0\.1\.0/, '0.1.0-rc.1')
  await refused(/failed with exit code 1/, '0.2.0')
  t.equal(await git('status', '--porcelain'), '', 'the lint is run first, and this package has none')

  await git('switch', '--quiet', '--create', 'aside')
  await refused(/made on main, and this is aside/, '0.2.0', '--tested')
  await git('switch', '--quiet', 'main')

  await git('tag', 'v0.2.0')
  await refused(/a v0\.2\.0 already/, '0.2.0', '--tested')
  await git('tag', '--delete', 'v0.2.0')

  fs.appendFileSync(path.join(directory, 'CHANGELOG.md'), '\n')
  await refused(/not committed/, '0.2.0', '--tested')
  fs.writeFileSync(path.join(directory, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- First.\n')
  await git('commit', '--quiet', '--all', '--message', 'changelog: nothing new')
  await refused(/no entry under/, '0.2.0', '--tested')

  fs.writeFileSync(path.join(directory, 'CHANGELOG.md'), changelog)
  fs.writeFileSync(path.join(directory, 'src/common/version.ts'), '')
  await git('commit', '--quiet', '--all', '--message', 'common: no version')
  await refused(/has no line/, '0.2.0', '--tested')
  t.equal(await git('status', '--porcelain'), '', 'files that were written already are as they were')
  t.equal(await git('tag', '--list'), '')
})
