// npm run bench [-- NAME...]: every benchmark, or those named. Each prints our figure beside the bare limit of the same
// run.
import os from 'node:os'

interface Bench {
  run(): Promise<void>
}

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  ready: () => import('./ready.js'),
  files: () => import('./files.js'),
  checks: () => import('./checks.js'),
  store: () => import('./store.js'),
  etcd: () => import('./etcd.js'),
  dns: () => import('./dns.js'),
  http: () => import('./http.js'),
  hostile: () => import('./hostile.js'),
  blocked: () => import('./blocked.js'),
  kv: () => import('./kv.js'),
  keys: () => import('./keys.js'),
  watchers: () => import('./watchers.js'),
  unread: () => import('./unread.js'),
  cluster: () => import('./cluster.js'),
  scale: () => import('./scale.js'),
}

const asked = process.argv.slice(2)
const unknown = asked.filter(name => !(name in benches))
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(1)
}
console.log(`${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? 'unknown'}, Node.js ${process.version}\n`)
for (const [name, load] of Object.entries(benches)) {
  if (asked.length === 0 || asked.includes(name)) await (await load()).run()
}
