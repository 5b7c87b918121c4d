// Registers services one after the other and says so when each is acknowledged, until it is killed. Started by
// persistence.test.ts.
import { openPersistence } from '../../src/agent/persistence.js'
import { systemClock } from '../../src/common/clock.js'
import { RecordingLog } from '../support/recording-log.js'
import { check, service } from './definitions.js'

const persistence = openPersistence(process.argv[2] ?? '', systemClock, new RecordingLog())
persistence.setStatus('first', { status: 'passing', output: 'x'.repeat(2000), reported: true })
for (let number = 0; ; number++) {
  const id = `service ${number}`
  await Promise.all([
    persistence.putService(service(id, { meta: { number: String(number) } })),
    persistence.putCheck(check(`check ${number}`)),
  ])
  persistence.setStatus(`check ${number}`, { status: 'warning', output: String(number), reported: true })
  process.stdout.write(`${number}\n`)
}
