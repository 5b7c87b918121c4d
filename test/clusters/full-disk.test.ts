import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startCluster } from '../support/cluster.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { rawValue } from './raw-value.js'

/** A small disk that is mounted for the test, or why it cannot be. */
function smallDisk(t: Test, megabytes: number): string | undefined {
  const directory = temporaryDirectory(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', directory]).status !== 0) return undefined
  t.teardown(() => {
    spawnSync('umount', ['-l', directory])
  })
  return directory
}

/** Writes to a file until there is no room left, whoever else writes at the same time. */
function fill(file: string): void {
  const descriptor = fs.openSync(file, 'w')
  try {
    for (const block = Buffer.alloc(65_536); ;) fs.writeSync(descriptor, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    fs.closeSync(descriptor)
  }
}

t.test('no room on the disk of one server: the others go on, and it too once there is room', async t => {
  const disk = smallDisk(t, 400)
  if (disk === undefined) {
    t.comment('a disk of a fixed size cannot be mounted here')
    return
  }
  const cluster = await startCluster(t, { servers: 3, prefix: '', dataDirs: [undefined, undefined, disk] })
  const [healthy, , full] = cluster.servers
  if (healthy === undefined || full === undefined) throw new Error('no servers')
  await full.put('/v1/kv/before', '1')
  const ballast = path.join(disk, 'ballast')
  fill(ballast)
  // What etcd has set aside for its log is used up first.
  const value = 'x'.repeat(400_000)
  for (let i = 0; i < 200; i++)
    await until('the others take it', async () => (await healthy.put(`/v1/kv/big/${i % 20}`, value)) === 'true')
  t.equal(await (await healthy.api('/v1/kv/before?raw&consistent')).text(), '1')
  t.ok(full.running, 'the agent lives on')
  fs.rmSync(ballast)
  await until(
    'it takes part again',
    async () => (await full.put('/v1/kv/after', '2')) === 'true' && (await rawValue(full, 'after')) === '2',
    60_000,
  )
  t.equal((await full.get<string[]>('/v1/kv/big/?keys&consistent')).length, 20)
})
