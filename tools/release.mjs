#!/usr/bin/env node
// Makes a release of what is committed: version, changelog, commit, tag, package and checksum. It sends nothing
// anywhere: the commands that do so are printed at the end.
//   npm run release -- X.Y.Z             runs the lint and all tests first
//   npm run release -- X.Y.Z --tested    they passed on this very commit already, as in the gate
//   npm run release -- X.Y.Z --dry-run   checks everything but the tests and says what would be done
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))

/** The files that say which version this is; a release changes these and no others. */
const versionedFiles = ['package.json', 'package-lock.json', 'src/common/version.ts', 'CHANGELOG.md']
const versionFile = 'src/common/version.ts'
const folder = 'release'

const options = process.argv.slice(2).filter(word => word.startsWith('--'))
const [version = '', ...more] = process.argv.slice(2).filter(word => !word.startsWith('--'))
const unknown = options.filter(word => !['--dry-run', '--tested'].includes(word))
if (version === '' || more.length > 0 || unknown.length > 0)
  stop('usage: npm run release -- X.Y.Z [--tested] [--dry-run]')
const dryRun = options.includes('--dry-run')
const tag = `v${version}`
const today = new Date().toISOString().slice(0, 10)

const { name, version: present } = readJson('package.json')
const changelog = fs.readFileSync('CHANGELOG.md', 'utf8')
const notes = unreleased(changelog)
check()

const steps = [
  ...(options.includes('--tested') ? [] : ['run npm run lint and npm test']),
  `write ${version} (now ${present}) to ${versionedFiles.slice(0, 3).join(', ')}`,
  `put ${notes.split('\n').filter(line => line.startsWith('- ')).length} entries of CHANGELOG.md under ${version} (${today})`,
  `pack ${folder}/${name}-${version}.tgz and write ${folder}/SHA256SUMS`,
  `commit "release: ${version}" and tag it ${tag}`,
]
if (dryRun) {
  console.log(`would\n${steps.map(step => `  ${step}`).join('\n')}`)
} else {
  // Until the commit is made, whatever fails leaves the files as they were.
  try {
    if (!options.includes('--tested')) {
      run('npm', ['run', 'lint'])
      run('npm', ['test'])
    }
    writeVersion()
    pack()
    run('git', ['commit', '--quiet', '--message', `release: ${version}`, '--', ...versionedFiles])
  } catch (error) {
    spawnSync('git', ['checkout', '--quiet', 'HEAD', '--', ...versionedFiles])
    fs.rmSync(folder, { recursive: true, force: true })
    stop(error.message)
  }
  // A line that begins with # is text here, not a comment.
  run('git', ['tag', '--annotate', '--cleanup=whitespace', '--file=-', tag], `${name} ${version}\n\n${notes}\n`)
  console.log(`
${tag} is made, here only. To send it out:
  git push origin main ${tag}
  npm publish ${folder}/${name}-${version}.tgz
Beside the package goes ${folder}/SHA256SUMS (sha256sum --check SHA256SUMS). To take it back instead:
  git tag --delete ${tag} && git reset --hard HEAD~1`)
}

/** Ends the program unless everything that a release needs is so. */
function check() {
  if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) stop(`"${version}" is not a version: X.Y.Z`)
  if (isLower(version, present)) stop(`${version} is lower than ${present}, which package.json has`)
  const branch = git('rev-parse', '--abbrev-ref', 'HEAD')
  if (branch !== 'main') stop(`a release is made on main, and this is ${branch}`)
  const changed = git('status', '--porcelain')
  if (changed !== '') stop(`there are changes that are not committed:\n${changed}`)
  if (git('tag', '--list', tag) !== '') stop(`there is a ${tag} already`)
  if (!/^- /m.test(notes)) stop('CHANGELOG.md has no entry under "## Unreleased"')
}

/** What stands under "Unreleased", without its headline. */
function unreleased(text) {
  const [, section] = /^## Unreleased\n([^]*?)(?=^## |$(?![^]))/m.exec(text) ?? []
  if (section === undefined) stop('CHANGELOG.md has no "## Unreleased"')
  return section.trim()
}

function writeVersion() {
  writeJson('package.json', { ...readJson('package.json'), version })
  const lock = readJson('package-lock.json')
  writeJson('package-lock.json', {
    ...lock,
    version,
    packages: { ...lock.packages, '': { ...lock.packages[''], version } },
  })
  const source = fs.readFileSync(versionFile, 'utf8')
  const line = /^export const version = '.*'$/m
  if (!line.test(source)) throw new Error(`${versionFile} has no line "export const version = '...'"`)
  fs.writeFileSync(versionFile, source.replace(line, `export const version = '${version}'`))
  fs.writeFileSync('CHANGELOG.md', changelog.replace(/^## Unreleased$/m, `## Unreleased\n\n## ${version} (${today})`))
}

function pack() {
  fs.rmSync(folder, { recursive: true, force: true })
  fs.mkdirSync(folder)
  run('npm', ['pack', '--pack-destination', folder])
  const file = `${name}-${version}.tgz`
  const sum = createHash('sha256')
    .update(fs.readFileSync(path.join(folder, file)))
    .digest('hex')
  fs.writeFileSync(path.join(folder, 'SHA256SUMS'), `${sum}  ${file}\n`)
}

/** Whether one version comes before another; what follows a hyphen comes before the same without. */
function isLower(one, other) {
  const [a, b] = [one, other].map(text => text.split('-')[0].split('.').map(Number))
  const at = a.findIndex((part, i) => part !== b[i])
  return at < 0 ? one.includes('-') && !other.includes('-') : a[at] < b[at]
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}

function writeJson(file, value) {
  fs.writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
}

function git(...args) {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' })
  if (status !== 0) stop(`git ${args.join(' ')}: ${stderr.trim()}`)
  return stdout.trim()
}

/** Runs a program; its output is shown. @throws Error when it fails */
function run(program, args, input = '') {
  const { status, error } = spawnSync(program, args, { input, stdio: ['pipe', 'inherit', 'inherit'] })
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`)
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
