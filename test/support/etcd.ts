import { spawn, type ChildProcess } from 'node:child_process'
import http from 'node:http'
import path from 'node:path'
import type { Test } from 'tap'
import { loopbackAddress } from './loopback-address.js'
import { temporaryDirectory } from './temporary-directory.js'
import { until } from './until.js'

export interface EtcdOptions {
  readonly name?: string
  /**
   * `name=peerUrl` of all members, itself included, that found a cluster together or (`existing`) that it enters;
   * itself alone when left out.
   */
  readonly members?: readonly string[]
  readonly existing?: boolean
  /** An own loopback address, where ports 2379 and 2380 are free. */
  readonly address?: string
  /** More flags, such as `--max-txn-ops=10000`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** False: resolves as soon as the process runs, since it waits for other members. */
  readonly ready?: boolean
}

/** A bare etcd. Clients reach it over TCP and over a unix socket. */
export interface TestEtcd {
  readonly name: string
  readonly directory: string
  /** `http://127.x.y.z:2379` */
  readonly endpoint: string
  /** `unix:///...` */
  readonly socket: string
  readonly peerUrl: string
  readonly child: ChildProcess
  /** All that it has printed since its start. */
  output(): string
  /** Resolves when its clients get answers: with several members only after most of them run. */
  ready(): Promise<void>
  /** Ends it and waits until it is gone; its data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on its data and addresses, after `stop`. */
  restart(): Promise<TestEtcd>
}

/**
 * Starts an etcd on a temporary directory and an own loopback address; the end of the test stops it and removes all.
 */
export async function startEtcd(t: Test, options: EtcdOptions = {}): Promise<TestEtcd> {
  const directory = temporaryDirectory(t)
  const running = new Set<ChildProcess>()
  t.teardown(() => Promise.all([...running].map(child => ended(child, 'SIGKILL'))))
  const address = options.address ?? (await loopbackAddress())
  return launch(directory, { ...options, address }, running)
}

/** Members that found one cluster together, all of them answering. */
export async function startEtcdCluster(
  t: Test,
  size: number,
  options: Pick<EtcdOptions, 'args' | 'env'> = {},
): Promise<readonly TestEtcd[]> {
  const addresses: string[] = []
  while (addresses.length < size) addresses.push(await loopbackAddress())
  const members = addresses.map((address, at) => `m${at + 1}=http://${address}:2380`)
  const started = await Promise.all(
    addresses.map((address, at) => startEtcd(t, { ...options, name: `m${at + 1}`, address, members, ready: false })),
  )
  await Promise.all(started.map(etcd => etcd.ready()))
  return started
}

async function launch(
  directory: string,
  options: EtcdOptions & { readonly address: string },
  running: Set<ChildProcess>,
): Promise<TestEtcd> {
  const { name = 'm1', address } = options
  const [endpoint, peerUrl] = [`http://${address}:2379`, `http://${address}:2380`]
  const child = spawn(
    'etcd',
    [
      `--name=${name}`,
      '--data-dir=data',
      '--logger=zap',
      '--log-outputs=stderr',
      '--pre-vote',
      // The socket lies in the working directory: etcd takes no path here.
      `--listen-client-urls=${endpoint},unix://client:0`,
      `--advertise-client-urls=${endpoint}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${(options.members ?? [`${name}=${peerUrl}`]).join(',')}`,
      `--initial-cluster-state=${options.existing === true ? 'existing' : 'new'}`,
      ...(options.args ?? []),
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...options.env } },
  )
  running.add(child)
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-1_000_000)
  })
  child.once('exit', () => {
    running.delete(child)
  })
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const etcd: TestEtcd = {
    name,
    directory,
    endpoint,
    socket: `unix://${path.join(directory, 'client:0')}`,
    peerUrl,
    child,
    output: () => output,
    ready: async () => {
      const gone = (): boolean => child.exitCode !== null || child.signalCode !== null
      await until(
        `etcd ${name} answers`,
        async () => gone() || (await healthy(path.join(directory, 'client:0'))),
        20_000,
      )
      if (gone()) throw new Error(`etcd ${name} has ended:\n${output}`)
    },
    stop: signal => ended(child, signal ?? 'SIGTERM'),
    restart: () => launch(directory, options, running),
  }
  if (options.ready !== false) await etcd.ready()
  return etcd
}

/** Whether it serves clients; with authentication on this still answers. */
function healthy(socketPath: string): Promise<boolean> {
  return new Promise(resolve => {
    const request = http.get({ socketPath, path: '/version', timeout: 1000 }, response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.once('timeout', () => {
      request.destroy()
    })
    request.once('error', () => {
      resolve(false)
    })
  })
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise(resolve => {
    child.once('exit', () => {
      resolve()
    })
    child.kill(signal)
  })
}
