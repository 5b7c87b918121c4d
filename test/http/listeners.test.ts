import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { ask } from './support/ask.js'
import { serve } from './support/serve.js'
import { settingsWith } from './support/settings.js'

const addresses = (http: readonly string[]) => ({ dns: [], https: [], http })

void t.test('several addresses, a unix socket among them with its mode', async t => {
  const directory = temporaryDirectory(t)
  const socket = path.join(directory, 'muster.sock')
  // What a process that was killed leaves behind.
  const stale = net.createServer().listen(socket)
  await new Promise(resolve => stale.once('listening', resolve))
  fs.renameSync(socket, `${socket}.kept`)
  await new Promise(resolve => stale.close(resolve))
  fs.renameSync(`${socket}.kept`, socket)

  const { server } = await serve(t, {
    addresses: addresses(['127.0.0.1', '::1', `unix://${socket}`]),
    unixSockets: { user: String(process.getuid?.() ?? 0), group: '', mode: '0600' },
  })
  t.match(
    server.addresses.map(({ url }) => url),
    [/^http:\/\/127\.0\.0\.1:\d+$/, /^http:\/\/\[::1\]:\d+$/, `unix://${socket}`],
  )
  t.equal(fs.statSync(socket).mode & 0o777, 0o600)
  t.equal((await ask(0, '/v1/status/leader', { socketPath: socket })).body, '"127.0.0.1:8300"')
  t.equal((await ask(server.addresses[0]?.port ?? 0, '/v1/status/leader')).status, 200)

  await t.rejects(serve(t, { addresses: addresses([`unix://${socket}`]) }), {
    code: 'HTTP_SOCKET_TAKEN',
    message: /another process listens/,
  })
  const file = path.join(directory, 'file')
  fs.writeFileSync(file, 'precious')
  await t.rejects(serve(t, { addresses: addresses([`unix://${file}`]) }), {
    code: 'HTTP_SOCKET_TAKEN',
    message: /no socket/,
  })
  t.equal(fs.readFileSync(file, 'utf8'), 'precious')
  await server.close()
  t.notOk(fs.existsSync(socket), 'the file goes with the server')
})

void t.test('all addresses or none', async t => {
  const taken = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => taken.once('listening', resolve))
  t.teardown(() => {
    taken.close()
  })
  const { port } = taken.address() as net.AddressInfo
  await t.rejects(
    serve(t, { addresses: addresses(['127.0.0.2', '127.0.0.1']), ports: { ...settingsWith().ports, http: port } }),
    { code: 'HTTP_LISTEN', message: new RegExp(`127\\.0\\.0\\.1:${port}.*EADDRINUSE`) },
  )
  await t.rejects(
    new Promise((_resolve, reject) => {
      net.connect(port, '127.0.0.2').on('error', reject)
    }),
    { code: 'ECONNREFUSED' },
    'the first is closed again',
  )
  const off = await serve(t, { ports: { ...settingsWith().ports, http: -1 } })
  t.same(off.server.addresses, [])
})
