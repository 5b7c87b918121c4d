#!/usr/bin/env node
// What `npm pack` and `npm publish` run before and after: the program is built, and the tested version of every
// dependency goes with it, since whoever installs a package otherwise gets whatever is newest. Two things say so:
// npm-shrinkwrap.json, which npm goes by when it installs from a registry, and exact versions in package.json, since
// npm does not look for a shrinkwrap in a package that it is given as a file.
//   node tools/pack.mjs           builds dist/ and writes both; on a fresh clone it installs what building needs
//   node tools/pack.mjs --after   puts back what was there: in the repository package-lock.json says the same
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))
const shrinkwrap = 'npm-shrinkwrap.json'

const original = 'node_modules/.package.json.unpacked'

if (process.argv.includes('--after')) {
  fs.rmSync(shrinkwrap, { force: true })
  if (fs.existsSync(original)) fs.renameSync(original, 'package.json')
} else {
  if (!fs.existsSync('node_modules/esbuild')) run('npm', ['ci', '--ignore-scripts'])
  run(process.execPath, ['tools/build.mjs'])
  const lock = withoutDevelopment(JSON.parse(fs.readFileSync('package-lock.json', 'utf8')))
  fs.writeFileSync(shrinkwrap, text(lock))
  const manifest = fs.readFileSync('package.json', 'utf8')
  // One that is there already is of a run that broke off.
  if (!fs.existsSync(original)) fs.writeFileSync(original, manifest)
  fs.writeFileSync('package.json', text(pinned(JSON.parse(manifest), lock)))
}

function text(value) {
  return `${JSON.stringify(value, null, 2)}\n`
}

/**
 * The manifest with the exact version of every dependency, those of dependencies too. Of a package that is there in
 * several versions it can name one; what belongs to one platform is named, with its version, by the package that needs
 * it.
 */
function pinned(manifest, lock) {
  const places = Object.entries(lock.packages).filter(
    ([place, { os, cpu }]) => place !== '' && os === undefined && cpu === undefined,
  )
  const versions = wanted =>
    Object.fromEntries(
      places
        .filter(([, { optional = false }]) => optional === wanted)
        // The outermost counts, so it comes last.
        .sort(([a], [b]) => depth(b) - depth(a) || (a < b ? -1 : 1))
        .map(([place, { version }]) => [
          place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
          version,
        ]),
    )
  return {
    ...without(manifest, ['devDependencies', 'overrides', 'scripts']),
    dependencies: versions(false),
    optionalDependencies: versions(true),
  }
}

function depth(place) {
  return place.split('node_modules/').length
}

/** The lock of those who run the program and do not work on it. */
function withoutDevelopment(lock) {
  const packages = Object.entries(lock.packages)
    .filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
    .map(([place, entry]) => [place, without(entry, ['devDependencies'])])
  return { ...lock, packages: Object.fromEntries(packages) }
}

function without(object, keys) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}

/** Runs a program; its output goes to stderr, as `npm pack` prints the file's name to stdout. */
function run(program, args) {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    console.error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`)
    process.exit(1)
  }
}
