import fs from 'node:fs'
import path from 'node:path'
import { execFileSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { ConfigWatcher, type WatchTarget } from '../../src/agent/watcher.js'
import { systemClock } from '../../src/common/clock.js'
import { RecordingLog } from '../support/recording-log.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

/** How long any kind of edit may take to be seen. */
const promised = 2000

interface Watching {
  readonly directory: string
  readonly log: RecordingLog
  /** Resolves when this path was reported since the last call; the edit is made after the watch is in place. */
  readonly seen: (edit: () => void, ...files: string[]) => Promise<void>
  /** All paths reported so far. */
  readonly reported: Set<string>
  readonly batches: (readonly string[])[]
}

/** Watches targets below a temporary directory that `prepare` fills. */
async function watching(
  t: Test,
  targets: readonly { name: string; kind: WatchTarget['kind'] }[],
  prepare: (directory: string) => void,
): Promise<Watching> {
  const directory = temporaryDirectory(t)
  prepare(directory)
  const reported = new Set<string>()
  const batches: (readonly string[])[] = []
  let wake: () => void = () => undefined
  const log = new RecordingLog()
  const at = targets.map(({ name, kind }) => ({ path: path.join(directory, name), kind }))
  // Later than anything that `prepare` did: only edits are to be reported.
  const since = Date.now() + 1000
  const read = at.flatMap(({ path: target, kind }) =>
    kind === 'file'
      ? [target]
      : fs
          .readdirSync(target)
          .filter(isConfig)
          .map(name => path.join(target, name)),
  )
  const watcher = new ConfigWatcher({
    targets: at,
    isConfigFile: isConfig,
    clock: systemClock,
    log,
    onChange: changed => {
      batches.push([...changed].map(file => path.relative(directory, file)).sort())
      for (const file of changed) reported.add(path.relative(directory, file))
      wake()
    },
  })
  await watcher.start(read, since)
  t.teardown(() => watcher.close())
  const seen = async (edit: () => void, ...files: string[]): Promise<void> => {
    for (const file of files) reported.delete(file)
    edit()
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`${files.join(', ')} not seen within ${promised} ms; seen: ${[...reported].join(', ')}`))
      }, promised)
      wake = () => {
        if (!files.every(file => reported.has(file))) return
        clearTimeout(timer)
        resolve()
      }
      wake()
    })
  }
  return { directory, log, seen, reported, batches }
}

const isConfig = (name: string): boolean => /\.(json|hcl)$/.test(name)

/** A directory `conf` with one file in it. */
const oneFile = (directory: string): void => {
  fs.mkdirSync(path.join(directory, 'conf'))
  fs.writeFileSync(path.join(directory, 'conf/web.json'), '{"a": 1}')
}
const conf = [{ name: 'conf', kind: 'directory' }] as const

t.test('edits of files in a directory', async t => {
  const { directory, seen } = await watching(t, conf, oneFile)
  const at = (name: string): string => path.join(directory, 'conf', name)
  const web = 'conf/web.json'
  const edits: readonly [string, () => void, ...string[]][] = [
    [
      'a file is moved in',
      () => {
        fs.writeFileSync(path.join(directory, 'new.json'), '{}')
        fs.renameSync(path.join(directory, 'new.json'), at('new.json'))
      },
      'conf/new.json',
    ],
    [
      'a file is written',
      () => {
        fs.writeFileSync(at('more.hcl'), 'a = 1')
      },
      'conf/more.hcl',
    ],
    [
      'truncated and written',
      () => {
        fs.writeFileSync(at('web.json'), '{"a": 2}')
      },
      web,
    ],
    [
      'appended to',
      () => {
        fs.appendFileSync(at('web.json'), '\n')
      },
      web,
    ],
    [
      'replaced by rename',
      () => {
        fs.writeFileSync(at('.web.json.tmp'), '{"a": 3}')
        fs.renameSync(at('.web.json.tmp'), at('web.json'))
      },
      web,
    ],
    [
      'an editor that keeps a backup',
      () => {
        fs.writeFileSync(at('4913'), '')
        fs.unlinkSync(at('4913'))
        fs.renameSync(at('web.json'), at('web.json~'))
        fs.writeFileSync(at('web.json'), '{"a": 4}')
        fs.unlinkSync(at('web.json~'))
      },
      web,
    ],
    [
      'sed -i',
      () => {
        execFileSync('sed', ['-i', 's/4/5/', at('web.json')])
      },
      web,
    ],
    [
      'removed',
      () => {
        fs.unlinkSync(at('more.hcl'))
      },
      'conf/more.hcl',
    ],
    [
      'renamed',
      () => {
        fs.renameSync(at('new.json'), at('newer.json'))
      },
      'conf/new.json',
      'conf/newer.json',
    ],
    [
      'moved out',
      () => {
        fs.renameSync(at('newer.json'), path.join(directory, 'newer.json'))
      },
      'conf/newer.json',
    ],
    [
      'same size, same second',
      () => {
        fs.writeFileSync(at('web.json'), '{"a": 6}')
      },
      web,
    ],
  ]
  for (const [what, edit, ...files] of edits) {
    await seen(edit, ...files)
    t.pass(what)
  }
})

t.test('a rename is one batch, and a file that comes back was not removed', async t => {
  const { directory, seen, batches } = await watching(t, conf, oneFile)
  const at = (name: string): string => path.join(directory, 'conf', name)
  await seen(
    () => {
      fs.renameSync(at('web.json'), at('other.json'))
    },
    'conf/web.json',
    'conf/other.json',
  )
  t.same(batches, [['conf/other.json', 'conf/web.json']])
  await seen(() => {
    fs.unlinkSync(at('other.json'))
    fs.writeFileSync(at('other.json'), '{"a": 9}')
  }, 'conf/other.json')
  t.equal(fs.existsSync(at('other.json')), true)
})

t.test('other files are not reported', async t => {
  const { directory, seen, reported } = await watching(t, conf, oneFile)
  for (const name of ['.web.json.swp', 'notes.txt', 'web.json~', '#web.json#'])
    fs.writeFileSync(path.join(directory, 'conf', name), 'x')
  fs.mkdirSync(path.join(directory, 'conf/directory.json'))
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'conf/last.json'), '{}')
  }, 'conf/last.json')
  t.same([...reported], ['conf/last.json'])
})

t.test('the sweep finds changes without an event', async t => {
  const { directory, seen } = await watching(t, conf, directory => {
    oneFile(directory)
    fs.mkdirSync(path.join(directory, 'elsewhere'))
    fs.linkSync(path.join(directory, 'conf/web.json'), path.join(directory, 'elsewhere/hard-link'))
  })
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'elsewhere/hard-link'), '{"through": "another name"}')
  }, 'conf/web.json')
})

t.test('a directory that is deleted and made again', async t => {
  const { directory, seen } = await watching(t, conf, oneFile)
  await seen(() => {
    fs.rmSync(path.join(directory, 'conf'), { recursive: true })
  }, 'conf/web.json')
  await seen(() => {
    oneFile(directory)
  }, 'conf/web.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'conf/second.json'), '{}')
  }, 'conf/second.json')
  await seen(
    () => {
      fs.rmSync(path.join(directory, 'conf'), { recursive: true })
      fs.mkdirSync(path.join(directory, 'conf'))
      fs.writeFileSync(path.join(directory, 'conf/third.json'), '{}')
    },
    'conf/third.json',
    'conf/web.json',
    'conf/second.json',
  )
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'conf/third.json'), '{"a": 1}')
  }, 'conf/third.json')
})

t.test('a directory that is not there yet', async t => {
  const { directory, seen } = await watching(t, [{ name: 'late', kind: 'directory' }, ...conf], directory => {
    oneFile(directory)
    fs.mkdirSync(path.join(directory, 'late'))
  })
  fs.rmdirSync(path.join(directory, 'late'))
  await seen(() => {
    fs.mkdirSync(path.join(directory, 'late'))
    fs.writeFileSync(path.join(directory, 'late/a.json'), '{}')
  }, 'late/a.json')
})

t.test('a linked directory whose link is replaced (ln -sfn)', async t => {
  const { directory, seen } = await watching(t, conf, directory => {
    for (const version of ['v1', 'v2', 'v3']) {
      fs.mkdirSync(path.join(directory, version))
      fs.writeFileSync(path.join(directory, version, 'web.json'), `{"version": "${version}"}`)
    }
    fs.symlinkSync('v1', path.join(directory, 'conf'))
  })
  await seen(() => {
    execFileSync('ln', ['-sfn', 'v2', path.join(directory, 'conf')])
  }, 'conf/web.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'v2/web.json'), '{"edited": true}')
  }, 'conf/web.json')
  await seen(() => {
    fs.symlinkSync('v3', path.join(directory, 'next'))
    fs.renameSync(path.join(directory, 'next'), path.join(directory, 'conf'))
  }, 'conf/web.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'v3/new.json'), '{}')
  }, 'conf/new.json')
})

t.test('a mounted ConfigMap: files linked through ..data, which is swapped', async t => {
  const version = (directory: string, name: string, content: string): void => {
    fs.mkdirSync(path.join(directory, 'conf', name))
    fs.writeFileSync(path.join(directory, 'conf', name, 'web.json'), content)
    fs.writeFileSync(path.join(directory, 'conf', name, 'db.json'), '{}')
  }
  const { directory, seen } = await watching(t, conf, directory => {
    fs.mkdirSync(path.join(directory, 'conf'))
    version(directory, '..2026_1', '{"a": 1}')
    fs.symlinkSync('..2026_1', path.join(directory, 'conf/..data'))
    for (const name of ['web.json', 'db.json'])
      fs.symlinkSync(path.join('..data', name), path.join(directory, 'conf', name))
  })
  for (const round of [2, 3]) {
    await seen(
      () => {
        version(directory, `..2026_${round}`, `{"a": ${round}}`)
        fs.symlinkSync(`..2026_${round}`, path.join(directory, 'conf/..data_tmp'))
        fs.renameSync(path.join(directory, 'conf/..data_tmp'), path.join(directory, 'conf/..data'))
        fs.rmSync(path.join(directory, `conf/..2026_${round - 1}`), { recursive: true })
      },
      'conf/web.json',
      'conf/db.json',
    )
  }
})

t.test('single files, linked or not', async t => {
  const { directory, seen } = await watching(
    t,
    [
      { name: 'agent.json', kind: 'file' },
      { name: 'linked.json', kind: 'file' },
    ],
    directory => {
      fs.writeFileSync(path.join(directory, 'agent.json'), '{}')
      fs.mkdirSync(path.join(directory, 'store'))
      fs.writeFileSync(path.join(directory, 'store/real.json'), '{}')
      fs.writeFileSync(path.join(directory, 'store/other.json'), '{}')
      fs.symlinkSync('store/real.json', path.join(directory, 'linked.json'))
    },
  )
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'agent.json'), '{"a": 1}')
  }, 'agent.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'agent.json.tmp'), '{"a": 2}')
    fs.renameSync(path.join(directory, 'agent.json.tmp'), path.join(directory, 'agent.json'))
  }, 'agent.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'store/real.json'), '{"a": 1}')
  }, 'linked.json')
  await seen(() => {
    execFileSync('ln', ['-sfn', 'store/other.json', path.join(directory, 'linked.json')])
  }, 'linked.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'store/other.json'), '{"a": 2}')
  }, 'linked.json')
  await seen(() => {
    fs.unlinkSync(path.join(directory, 'agent.json'))
  }, 'agent.json')
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'agent.json'), '{}')
  }, 'agent.json')
})

t.test('circular links are ignored', async t => {
  const { directory, seen } = await watching(t, conf, directory => {
    oneFile(directory)
    fs.symlinkSync('b.json', path.join(directory, 'conf/a.json'))
    fs.symlinkSync('a.json', path.join(directory, 'conf/b.json'))
  })
  await seen(() => {
    fs.writeFileSync(path.join(directory, 'conf/web.json'), '{"a": 2}')
  }, 'conf/web.json')
})

t.test('what changed between the reading and the watch is reported', async t => {
  const directory = temporaryDirectory(t)
  oneFile(directory)
  const reported = new Set<string>()
  const at = (name: string): string => path.join(directory, 'conf', name)
  const old = new Date(Date.now() - 60_000)
  fs.utimesSync(at('web.json'), old, old)
  fs.writeFileSync(at('untouched.json'), '{}')
  await new Promise(resolve => setTimeout(resolve, 30))
  const since = Date.now()
  fs.writeFileSync(at('born.json'), '{}')
  fs.writeFileSync(at('web.json'), '{"a": 2}')
  const watcher = new ConfigWatcher({
    targets: [{ path: path.join(directory, 'conf'), kind: 'directory' }],
    isConfigFile: isConfig,
    clock: systemClock,
    log: new RecordingLog(),
    onChange: changed => {
      for (const file of changed) reported.add(path.basename(file))
    },
  })
  t.teardown(() => watcher.close())
  await watcher.start([at('web.json'), at('untouched.json'), at('removed.json')], since)
  await new Promise<void>(resolve => {
    const look = (): void => {
      if (reported.size >= 3) resolve()
      else setTimeout(look, 5)
    }
    look()
  })
  t.same([...reported].sort(), ['born.json', 'removed.json', 'web.json'])
})
