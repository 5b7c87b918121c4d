#!/usr/bin/env node
// Builds muster: schemas -> src/generated, then src -> dist (one bundle with chunks a command can load on its own).
//   node tools/build.mjs              dist/
//   node tools/build.mjs --tests      build/: src, test and bench file by file, as the tests run them; and dist/
//   node tools/build.mjs --generate   src/generated only
import { build } from 'esbuild'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from './generate.mjs'

process.chdir(path.join(path.dirname(fileURLToPath(import.meta.url)), '..'))

await generate()
if (!process.argv.includes('--generate')) {
  await bundle()
  if (process.argv.includes('--tests')) await transpile()
}

async function bundle() {
  fs.rmSync('dist', { recursive: true, force: true })
  await build({
    entryPoints: { muster: 'src/main.ts' },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
  })
  fs.chmodSync('dist/muster.js', 0o755)
}

async function transpile() {
  fs.rmSync('build', { recursive: true, force: true })
  const entryPoints = ['src', 'test', 'bench'].flatMap(folder =>
    fs
      .readdirSync(folder, { recursive: true })
      .map(name => path.join(folder, String(name)))
      .filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.startsWith('test/fixtures')),
  )
  await build({
    entryPoints,
    outdir: 'build',
    outbase: '.',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'inline',
    logLevel: 'warning',
  })
  fs.cpSync('src/generated', 'build/src/generated', { recursive: true, filter: name => !name.endsWith('.ts') })
}
