import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { seconds } from '../../src/common/duration.js'
import { openEtcdAdmin, openEtcdStore } from '../../src/store/index.js'
import { testCertificate } from '../support/certificate.js'
import { startEtcd } from '../support/etcd.js'
import { run } from '../support/run.js'
import { temporaryDirectory } from '../support/temporary-directory.js'
import { until } from '../support/until.js'
import { following } from './etcd-opened.js'
import { always, put } from './suite.js'

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        resolve(port)
      })
    })
  })

void t.test('a user with a role for the prefix, whose token lapses', async t => {
  const etcd = await startEtcd(t, { args: ['--auth-token-ttl=1'] })
  const { endpoint } = etcd
  const etcdctl = async (...args: readonly string[]): Promise<void> => {
    const { code, err } = await run('etcdctl', [`--endpoints=${endpoint}`, ...args], { env: { ETCDCTL_API: '3' } })
    if (code !== 0) throw new Error(err)
  }
  await etcdctl('user', 'add', 'root:rootpw')
  await etcdctl('user', 'grant-role', 'root', 'root')
  await etcdctl('role', 'add', 'muster')
  await etcdctl('role', 'grant-permission', 'muster', '--prefix=true', 'readwrite', 'm/')
  await etcdctl('user', 'add', 'agent:agentpw')
  await etcdctl('user', 'grant-role', 'agent', 'muster')
  await etcdctl('auth', 'enable')
  const auth = { user: 'agent', password: 'agentpw' }
  const store = openEtcdStore({ connection: { endpoints: [endpoint], auth }, prefix: 'm/' })
  t.teardown(() => store.close())
  const follower = await following(store)
  const lease = await store.lease(seconds(20))
  await store.commit(always({ kind: 'put', key: 'leased', value: Buffer.alloc(0), lease: lease.id }))
  // Without use a token is forgotten after its second.
  await new Promise(resolve => {
    setTimeout(resolve, 2500)
  })
  t.match(await store.commit(always(put('a'))), { ok: true })
  await lease.keepAlive()
  t.ok((await store.barrier()) > 1)
  t.same([...follower.entries.keys()].sort(), ['a', 'leased'])

  const foreign = openEtcdStore({ connection: { endpoints: [endpoint], auth }, prefix: 'other/' })
  t.teardown(() => foreign.close())
  await t.rejects(foreign.load(), { code: 'STORE_FAILED', message: /permission denied/, hint: /role/ })
  const wrong = openEtcdStore({
    connection: { endpoints: [endpoint], auth: { ...auth, password: 'wrong' } },
    prefix: 'm/',
  })
  t.teardown(() => wrong.close())
  await t.rejects(wrong.load(), { code: 'STORE_FAILED', message: /authentication failed/ })
})

void t.test('TLS with certificates of both sides', async t => {
  const { cert, key } = await testCertificate('localhost')
  const directory = temporaryDirectory(t)
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  const port = await freePort()
  const url = `https://localhost:${port}`
  const secured = await startEtcd(t, {
    ready: false,
    args: [
      `--listen-client-urls=https://127.0.0.1:${port}`,
      `--advertise-client-urls=${url}`,
      `--cert-file=${certFile}`,
      `--key-file=${keyFile}`,
      `--trusted-ca-file=${certFile}`,
      '--client-cert-auth',
    ],
  })
  t.teardown(() => secured.stop('SIGKILL'))
  const admin = openEtcdAdmin({ endpoints: [url], tls: { ca: cert, cert, key } })
  t.teardown(() => {
    admin.close()
  })
  await until('etcd answers', async () => (await admin.status()).leader !== '')
  const store = openEtcdStore({ connection: { endpoints: [url], tls: { ca: cert, cert, key } }, prefix: 'm/' })
  t.teardown(() => store.close())
  t.match(await store.commit(always(put('a'))), { ok: true })
  const nameless = openEtcdAdmin({ endpoints: [url], tls: { ca: cert } })
  t.teardown(() => {
    nameless.close()
  })
  await t.rejects(nameless.status(), { code: 'STORE_UNREACHABLE' })
})
