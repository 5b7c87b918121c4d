import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { systemClock } from '../../src/common/clock.js'
import { parseFlags } from '../../src/common/flags.js'
import { agentFlags } from '../../src/config/index.js'
import { readStartConfig } from '../../src/daemon/read-config.js'
import { RecordingLog } from '../support/recording-log.js'
import { temporaryDirectory } from '../support/temporary-directory.js'

t.test('an emptied file stands for what is remembered of it at a restart', async t => {
  const directory = temporaryDirectory(t)
  const conf = path.join(directory, 'conf')
  fs.mkdirSync(conf)
  const file = path.join(conf, 'web.json')
  fs.writeFileSync(file, JSON.stringify({ service: { name: 'web', port: 80 } }))
  const flags = parseFlags(agentFlags, [
    '-config-dir',
    conf,
    '-data-dir',
    path.join(directory, 'data'),
    '-bind=127.0.0.1',
  ])
  const start = async (): Promise<number | undefined> => {
    const { initial, persistence } = readStartConfig(flags, systemClock, new RecordingLog())
    await persistence.close()
    return initial.load.declared.services.get('web')?.definition.port
  }
  t.equal(await start(), 80)
  for (const text of ['', '// later', '']) {
    fs.writeFileSync(file, text)
    t.equal(await start(), 80, JSON.stringify(text))
  }
  fs.writeFileSync(file, '{}')
  t.equal(await start(), undefined)
})
