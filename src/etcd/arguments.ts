import { hostPort } from '../common/host-port.js'
import { join } from 'node:path'
import type { EtcdProcessOptions } from './options.js'
import type { EtcdStart } from './types.js'

/**
 * The socket's name, in etcd's working directory: etcd 3.4 takes neither a path in a unix URL nor one without a port.
 */
export const socketName = 'client:0'

/** Where the member's data is. The path stands on etcd's command line too, by which a living one is found again. */
export const dataFolder = (directory: string): string => join(directory, 'data')

/** `http://ip:port`, with brackets for IPv6. */
export const peerUrlOf = (address: string, port: number): string => `http://${hostPort(address, port)}`

/**
 * Raft's heartbeat interval and election timeout in ms. A leader that dies is replaced after one to two election
 * timeouts, so the default multiplier 5 (800 ms) leaves 400 ms of the promised two seconds for the vote and for clients
 * to try again. An election timeout of eight heartbeats rides over a slow disk or a busy CPU; with heartbeats below
 * 50 ms, two small machines lose elections to their own scheduling.
 */
export const raftTiming = (multiplier: number): { readonly heartbeat: number; readonly election: number } => ({
  heartbeat: Math.max(50, 20 * multiplier),
  election: Math.max(400, 160 * multiplier),
})

/**
 * Bytes of the largest transaction. etcd 3.4 writes larger ones into its log as well, but when it starts again it
 * refuses a record of 10 MiB or more as damaged (`maxWALEntrySizeLimit` in its `wal/decoder.go`), and with it all of
 * its data.
 */
const maxRequestBytes = 10 * 1024 * 1024 - 4096

/**
 * What etcd is started with each time. A flag that is not here has etcd's default; in particular there is no TCP port
 * for clients and none for metrics. `formerUrls` are own peer addresses that others may still dial.
 */
export function steadyArguments(options: EtcdProcessOptions, formerUrls: readonly string[]): readonly string[] {
  const { directory, name, bindAddress, advertiseAddress, port, quotaBytes, raftMultiplier } = options
  const { heartbeat, election } = raftTiming(raftMultiplier)
  return [
    `--name=${name}`,
    `--data-dir=${dataFolder(directory)}`,
    // Other users cannot open the directory, and so cannot reach the socket.
    `--listen-client-urls=unix://${socketName}`,
    `--advertise-client-urls=unix://${socketName}`,
    `--listen-peer-urls=${[peerUrlOf(bindAddress, port), ...formerUrls].join(',')}`,
    `--initial-advertise-peer-urls=${peerUrlOf(advertiseAddress, port)}`,
    `--heartbeat-interval=${heartbeat}`,
    `--election-timeout=${election}`,
    // A member that was cut off must not depose a working leader when it comes back.
    '--pre-vote',
    `--quota-backend-bytes=${quotaBytes}`,
    // Watches that lag half an hour load afresh; older revisions serve nobody.
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=30m',
    // Group commit nests hundreds of transactions in one.
    '--max-txn-ops=100000',
    `--max-request-bytes=${maxRequestBytes}`,
    // An entry holds a whole group. Those since the last snapshot, and 5,000 before it, are kept in memory and read at
    // a restart.
    '--snapshot-count=1000',
    // With the strict check every voter must be connected for 5 s before the next may enter, which would slow down the
    // forming of a cluster. muster gives the same protection: it promotes a learner only when it has caught up, and
    // checks the quorum before a removal.
    '--strict-reconfig-check=false',
    // Log to stderr, which is redirected to a file, so that a panic of the Go runtime is in the same file.
    '--logger=zap',
    '--log-outputs=stderr',
    '--log-level=info',
  ]
}

/** What only the first start needs. `token` makes two clusters founded at one address different ones. */
export function initialArguments(options: EtcdProcessOptions, start: EtcdStart, token: string): readonly string[] {
  const own = `${options.name}=${peerUrlOf(options.advertiseAddress, options.port)}`
  switch (start.how) {
    case 'again':
      return []
    case 'alone':
      return ['--force-new-cluster']
    case 'found':
      return [`--initial-cluster=${own}`, '--initial-cluster-state=new', `--initial-cluster-token=${token}`]
    case 'enter': {
      // Members that have not started yet have no name. Any name will do, since etcd compares addresses only.
      const url = peerUrlOf(options.advertiseAddress, options.port)
      const others = start.members.filter(({ name, peerUrl }) => name !== options.name && peerUrl !== url)
      return [
        `--initial-cluster=${[own, ...others.map(({ name, peerUrl }, at) => `${name === '' ? `unstarted-${at}` : name}=${peerUrl}`)].join(',')}`,
        '--initial-cluster-state=existing',
      ]
    }
  }
}

/**
 * Whether an etcd that runs is what `wanted` would start; addresses listened on beside the first, and how its cluster
 * began, do not matter.
 */
export const isSameEtcd = (running: readonly string[], wanted: readonly string[]): boolean =>
  comparableArguments(running) === comparableArguments(wanted)

const comparableArguments = (args: readonly string[]): string =>
  args
    .filter(arg => arg.startsWith('--') && !/^--initial-cluster|^--force-new-cluster/.test(arg))
    .map(arg => (arg.startsWith('--listen-peer-urls=') ? arg.replace(/,.*/, '') : arg))
    .sort()
    .join('\n')

/** The value of `--flag=value`, '' when it is not there. */
export const flagValue = (args: readonly string[], flag: string): string =>
  args.find(arg => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? ''

/** The machine that etcd runs on: `architecture` as Node.js names it, `cores` that this process may use. */
export interface EtcdMachine {
  readonly architecture: string
  readonly cores: number
}

/**
 * The environment that etcd gets. Its own variables would override what is set here, and a proxy for the machine's web
 * traffic is none for Raft.
 */
export function etcdEnvironment(
  env: NodeJS.ProcessEnv,
  proxyPort: number | undefined,
  { architecture, cores }: EtcdMachine,
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^ETCD_|^(https?|all|no)_proxy$|^REQUEST_METHOD$/i.test(name))
  // etcd 3.4 refuses to run on some architectures unless this is set.
  const go = ({ arm64: 'arm64', arm: 'arm', ia32: '386', riscv64: 'riscv64' } as Readonly<Record<string, string>>)[
    architecture
  ]
  return {
    // Use half of the cores: etcd spreads small tasks over all threads it may use, and waking them costs more than the
    // tasks.
    GOMAXPROCS: String(Math.max(1, Math.floor(cores / 2))),
    ...Object.fromEntries(kept),
    ...(go !== undefined && { ETCD_UNSUPPORTED_ARCH: go }),
    ...(proxyPort !== undefined && { HTTP_PROXY: `http://127.0.0.1:${proxyPort}` }),
  }
}
