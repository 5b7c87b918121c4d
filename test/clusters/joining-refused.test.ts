import t from 'tap'
import { plainly, program } from '../support/agent-process.js'
import { newCluster } from '../support/cluster.js'
import { loopbackAddress } from '../support/loopback-address.js'
import { run } from '../support/run.js'

// Agents are started and stopped many times, on a machine that may be busy.
t.setTimeout(180_000)

const failures = [
  { name: '-join', flags: (address: string) => [`-join=${address}`], says: /Failed to join|cannot reach/ },
  {
    name: '-retry-max',
    flags: (address: string) => [`-retry-join=${address}`, '-retry-interval=1s', '-retry-max=2'],
    says: /agent: max join LAN retry exhausted, exiting/,
  },
]
for (const role of ['client', 'server'] as const)
  for (const { name, flags, says } of failures) {
    t.test(`${name} of a ${role} that meets nobody ends it, and says why`, async t => {
      const nobody = await loopbackAddress()
      const agent = await newCluster(t).add({ name: 'a1', role, ...(role === 'server' && { expect: 2 }) })
      const words = [
        'agent',
        `-server=${role === 'server'}`,
        ...(role === 'server' ? ['-bootstrap-expect=2'] : []),
        '-node=a1',
        `-bind=${agent.address}`,
        `-client=${agent.address}`,
        '-data-dir',
        agent.dataDir,
      ]
      const { code, out, err } = await run(...plainly(process.execPath, [program, ...words, ...flags(nobody)]))
      t.equal(code, 1, out)
      t.match(out + err, says)
      t.match(out + err, nobody, 'the address is named')
    })
  }
