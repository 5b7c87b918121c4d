import { Readable } from 'node:stream'
import t from 'tap'
import { dispatch } from '../../src/cli/dispatch.js'
import { startCoordinate } from '../../src/common/coordinate.js'
import { serve } from '../http/support/serve.js'

void t.test('rtt: between two nodes, to the agent, and between servers of two datacenters', async t => {
  const at = (x: number) => ({
    ...startCoordinate,
    height: 0,
    vec: startCoordinate.vec.map((one, i) => (i === 0 ? x : one)),
  })
  const served = await serve(
    t,
    {},
    {
      places: {
        own: undefined,
        ofDatacenters: () => [
          { datacenter: 'dc1', servers: [{ node: 'n1', coordinate: at(0) }] },
          { datacenter: 'dc.2', servers: [{ node: 's.1', coordinate: { ...at(0.02), adjustment: 0.001 } }] },
        ],
      },
    },
  )
  const rtt = async (...args: readonly string[]) => {
    let [out, err] = ['', '']
    const code = await dispatch(['rtt', ...args], {
      out: text => {
        out += String(text)
      },
      err: text => {
        err += text
      },
      stdin: Readable.from([]),
      env: { MUSTER_HTTP_ADDR: `127.0.0.1:${served.port}` },
      cwd: '/',
      color: false,
      width: undefined,
      interrupted: new AbortController().signal,
    })
    return { code, out, err }
  }
  for (const [node, x] of [
    ['n1', 0.001],
    ['n2', 0.0042],
    ['N3', 0.1],
  ] as const) {
    await served.put('/v1/catalog/register', { Node: node, Address: '192.0.2.1' })
    await served.put('/v1/coordinate/update', {
      Node: node,
      Coord: { Vec: [x, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0 },
    })
  }
  t.same(await rtt('n2', 'n3'), {
    code: 0,
    out: 'Estimated n2 <-> n3 rtt: 95.800 ms (using LAN coordinates)\n',
    err: '',
  })
  t.match(
    await rtt('n2'),
    { code: 0, out: 'Estimated n2 <-> n1 rtt: 3.200 ms (using LAN coordinates)\n' },
    'the agent is the other one',
  )
  t.match(await rtt('absent', 'n2'), { code: 1, err: /Could not find a coordinate for node "absent"/ })
  t.match(await rtt('n2', 'absent'), { code: 1, err: /Could not find a coordinate for node "absent"/ })
  t.match(await rtt('-wan', 's.1.dc.2', 'n1.dc1'), {
    code: 0,
    out: 'Estimated s.1.dc.2 <-> n1.dc1 rtt: 21.000 ms (using WAN coordinates)\n',
  })
  t.match(await rtt('s.1.dc.2', '-wan'), { code: 0, out: /s\.1\.dc\.2 <-> n1\.dc1 rtt: 21\.000 ms/ })
  t.match(await rtt('-wan', 'n1.dc9'), { code: 1, err: /Could not find a coordinate for node "n1.dc9"/ })
  t.match(await rtt('-wan', 'n1'), { code: 1, err: /"n1" is no name of a server/ })
  t.match(await rtt(), { code: 1, err: /one or two node names are needed/ })
  t.match(await rtt('a', 'b', 'c'), { code: 1, err: /too many arguments: c/ })
})
