import type { Cluster } from '../support/cluster.js'
import type { ClusterAgent } from '../support/cluster-agent.js'
import type { Host, Network } from '../support/net.js'
import { killAll } from '../support/processes.js'

/** Something that goes wrong, and how it ends. Between the two `rest` passes. */
interface Fault {
  readonly name: string
  begin(victim: ClusterAgent): Promise<void>
  end(victim: ClusterAgent): Promise<void>
}

const nothing = (): Promise<void> => Promise.resolve()

/**
 * All that may happen to three servers on a network of their own; whatever was begun ends with the last of them
 * healthy.
 */
function faultsOf(cluster: Cluster, network: Network): readonly Fault[] {
  const hostOf = (agent: ClusterAgent): Host => {
    const host = network.hosts.find(one => one.address === agent.address)
    if (host === undefined) throw new Error(`${agent.name} has no host`)
    return host
  }
  const start = async (agent: ClusterAgent): Promise<void> => {
    if (!agent.running) await agent.start()
  }
  return [
    {
      name: 'kill the agent',
      begin: async victim => {
        await victim.stop('SIGKILL')
      },
      end: start,
    },
    { name: 'kill agent and etcd', begin: victim => victim.crash(), end: start },
    {
      name: 'kill etcd',
      begin: async victim => {
        killAll(victim.etcd)
      },
      end: nothing,
    },
    {
      name: 'stop the agent',
      begin: async victim => {
        await victim.stop('SIGTERM')
      },
      end: start,
    },
    {
      name: 'kill all',
      begin: async () => {
        await Promise.all(cluster.servers.map(server => server.crash()))
      },
      end: async () => {
        await Promise.all(cluster.servers.map(start))
      },
    },
    {
      name: 'pause agent and etcd',
      begin: async victim => {
        victim.pause()
      },
      end: async victim => {
        victim.resume()
      },
    },
    {
      name: 'pause etcd',
      begin: async victim => {
        killAll(victim.etcd, 'SIGSTOP')
      },
      end: async victim => {
        killAll(victim.etcd, 'SIGCONT')
      },
    },
    { name: 'cut off', begin: victim => network.partition(hostOf(victim)), end: () => network.heal() },
    {
      name: 'cut one way',
      begin: async victim => {
        for (const other of network.hosts) if (other !== hostOf(victim)) await network.cut(hostOf(victim), other)
      },
      end: () => network.heal(),
    },
    {
      name: 'lose packets',
      begin: victim => network.loss(hostOf(victim), 30),
      end: victim => network.loss(hostOf(victim), 0),
    },
  ]
}

/**
 * Does harm, one fault after the other, until `running` is false; then all is well again. Half of them strike the
 * leader. Resolves with what was done, by moment.
 */
export async function harm(
  cluster: Cluster,
  network: Network,
  plan: { readonly random: () => number; readonly running: () => boolean },
): Promise<readonly string[]> {
  const { random, running } = plan
  const done: string[] = []
  const begun = performance.now()
  const wait = async (least: number, more: number): Promise<void> => {
    const end = performance.now() + least + random() * more
    while (running() && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 50))
  }
  const faults = faultsOf(cluster, network)
  // Each kind once, in an order of chance, before any comes again.
  let left: Fault[] = []
  await wait(1000, 1000)
  while (running()) {
    if (left.length === 0) left = [...faults]
    const [fault] = left.splice(Math.floor(random() * left.length), 1)
    const anyone = cluster.servers[Math.floor(random() * cluster.servers.length)]
    const victim = random() < 0.5 ? await cluster.leader(10_000).catch(() => anyone) : anyone
    if (fault === undefined || victim === undefined) continue
    done.push(`${((performance.now() - begun) / 1000).toFixed(1)} s: ${fault.name}, ${victim.name}`)
    await fault.begin(victim)
    await wait(500, 5500)
    await fault.end(victim)
    await wait(500, 3000)
  }
  return done
}
