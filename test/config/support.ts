import fs from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import { parseFlags } from '../../src/common/flags.js'
import { agentFlags, ConfigSource, configPaths } from '../../src/config/index.js'
import type { ConfigLoad, LastGoodStore, SourceInput } from '../../src/config/index.js'

/** A folder of configuration files that a test changes, and a source that reads it. */
export interface Conf {
  readonly folder: string
  readonly source: ConfigSource
  /** What was remembered, by path. */
  readonly remembered: Map<string, string>
  readonly path: (name: string) => string
  readonly write: (name: string, content: unknown) => void
  readonly remove: (name: string) => void
  /** Changes files (undefined removes) and loads just these. */
  change(files: Readonly<Record<string, unknown>>): ConfigLoad
  /** The same folder read by a new process that remembers what this one did. */
  restart(input?: Partial<SourceInput>): ConfigSource
}

/** A store that keeps last good contents in a map. */
const storeOn = (map: Map<string, string>): LastGoodStore => ({
  all: () => [...map].map(([file, text]) => ({ path: file, text })),
  set: (file, text) => {
    if (text === undefined) map.delete(file)
    else map.set(file, text)
  },
})

/** Writes files into a temporary folder and makes a source for it; flags are those of `muster agent`. */
export function openConf(
  t: Test,
  files: Readonly<Record<string, unknown>>,
  flags: readonly string[] = [],
  input: Partial<SourceInput> = {},
): Conf {
  const folder = t.testdir()
  const remembered = new Map<string, string>()
  const parsed = parseFlags(agentFlags, [`-config-dir=${folder}`, ...flags])
  const open = (more: Partial<SourceInput> = {}): ConfigSource =>
    new ConfigSource({
      paths: configPaths(parsed),
      flags: parsed,
      hostname: 'host-1',
      interfaces: () => [],
      lastGood: storeOn(remembered),
      ...input,
      ...more,
    })
  const conf = {
    folder,
    remembered,
    path: (name: string) => path.join(folder, name),
    write: (name: string, content: unknown) => {
      const temporary = path.join(folder, `.${name}.tmp`)
      fs.writeFileSync(temporary, typeof content === 'string' ? content : JSON.stringify(content))
      fs.renameSync(temporary, path.join(folder, name))
    },
    remove: (name: string) => {
      fs.rmSync(path.join(folder, name))
    },
  }
  for (const [name, content] of Object.entries(files)) conf.write(name, content)
  const source = open()
  return {
    ...conf,
    source,
    restart: open,
    change: changed => {
      for (const [name, content] of Object.entries(changed)) {
        if (content === undefined) conf.remove(name)
        else conf.write(name, content)
      }
      return source.load(new Set(Object.keys(changed).map(conf.path)))
    },
  }
}

/** What became of each file: `web.json applied`. */
export const states = (load: ConfigLoad): string[] =>
  load.files.map(file => `${path.basename(file.path)} ${file.state}`)

/** The findings as `web.json:4:7 error unknown-key`. */
export const findings = (load: ConfigLoad): string[] =>
  load.diagnostics.map(
    ({ at, severity, code }) =>
      `${at === undefined ? '' : `${path.basename(at.file)}:${at.line}:${at.column} `}${severity} ${code}`,
  )
