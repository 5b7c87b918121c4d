import type { Test } from 'tap'
import type { Place } from './place.js'
import { isRunning, killAll } from './processes.js'
import { run } from './run.js'

/** A machine of its own as far as the network goes: a network namespace with one interface on the bridge. */
export interface Host extends Place {
  readonly name: string
}

/**
 * Several hosts on one bridge, which the test itself reaches too. Faults between hosts are silent, as real ones are:
 * packets go to an Ethernet address that nobody has. Names carry our process id; what a killed test left behind goes
 * with the next start.
 */
export class Network {
  readonly #lan = `muster-${process.pid}-lan`
  readonly #link = `mu${process.pid}t`
  readonly #subnet = `10.${64 + ((process.pid >> 8) % 64)}.${process.pid & 255}`
  readonly #hosts: Host[] = []
  #addresses = 0

  /** Sets up `count` hosts. Rejects naming what was refused: root, or CAP_NET_ADMIN and CAP_SYS_ADMIN, are needed. */
  static async open(count: number): Promise<Network> {
    await removeStale()
    const network = new Network()
    try {
      await network.#build(count)
    } catch (error) {
      await network.close()
      throw error
    }
    return network
  }

  get hosts(): readonly Host[] {
    return this.#hosts
  }

  /** Lets nothing from one host reach the other; the way back stays open. */
  async cut(from: Host, to: Host): Promise<void> {
    await ip([
      '-n',
      from.name,
      'neigh',
      'replace',
      to.address,
      'lladdr',
      '02:00:00:00:00:01',
      'dev',
      'eth0',
      'nud',
      'permanent',
    ])
  }

  /** Parts some hosts from all others, both ways. The test still reaches every one. */
  async partition(...some: readonly Host[]): Promise<void> {
    const others = this.#hosts.filter(host => !some.includes(host))
    await Promise.all(some.flatMap(one => others.flatMap(other => [this.cut(one, other), this.cut(other, one)])))
  }

  /** Undoes all cuts. */
  async heal(): Promise<void> {
    await Promise.all(
      this.#hosts.map(host => ip(['-n', host.name, 'neigh', 'flush', 'nud', 'permanent', 'dev', 'eth0'])),
    )
  }

  /** Loses so many percent of the packets that reach a host; 0: none. */
  async loss(host: Host, percent: number): Promise<void> {
    await inside(host, 'iptables', '-F', 'INPUT')
    if (percent > 0)
      await inside(
        host,
        'iptables',
        '-A',
        'INPUT',
        '-m',
        'statistic',
        '--mode',
        'random',
        '--probability',
        String(percent / 100),
        '-j',
        'DROP',
      )
  }

  /** Gives a host another address; the old one is gone. */
  async readdress(host: Host): Promise<Host> {
    const moved = this.#host(host.name)
    await ip(['-n', host.name, 'addr', 'flush', 'dev', 'eth0'])
    await ip(['-n', host.name, 'addr', 'add', `${moved.address}/24`, 'dev', 'eth0'])
    this.#hosts[this.#hosts.indexOf(host)] = moved
    return moved
  }

  /** Ends whatever runs on the hosts and removes them. */
  async close(): Promise<void> {
    for (const name of [...this.#hosts.map(host => host.name), this.#lan]) await removeNamespace(name)
    await run('ip', ['link', 'del', this.#link])
  }

  async #build(count: number): Promise<void> {
    await ip(['netns', 'add', this.#lan])
    await ip(['-n', this.#lan, 'link', 'add', 'br0', 'type', 'bridge'])
    await ip(['-n', this.#lan, 'link', 'set', 'br0', 'up'])
    await ip(['link', 'add', this.#link, 'type', 'veth', 'peer', 'name', 'test', 'netns', this.#lan])
    await ip(['-n', this.#lan, 'link', 'set', 'test', 'master', 'br0', 'up'])
    await ip(['addr', 'add', `${this.#subnet}.254/24`, 'dev', this.#link])
    await ip(['link', 'set', this.#link, 'up'])
    for (let number = 1; number <= count; number++) {
      const host = this.#host(`muster-${process.pid}-h${number}`)
      await ip(['netns', 'add', host.name])
      this.#hosts.push(host)
      await ip([
        '-n',
        this.#lan,
        'link',
        'add',
        `h${number}`,
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        host.name,
      ])
      await ip(['-n', this.#lan, 'link', 'set', `h${number}`, 'master', 'br0', 'up'])
      await ip(['-n', host.name, 'addr', 'add', `${host.address}/24`, 'dev', 'eth0'])
      await ip(['-n', host.name, 'link', 'set', 'lo', 'up'])
      await ip(['-n', host.name, 'link', 'set', 'eth0', 'up'])
    }
  }

  #host(name: string): Host {
    return {
      name,
      address: `${this.#subnet}.${++this.#addresses}`,
      command: (program, args) => ['ip', ['netns', 'exec', name, program, ...args]],
    }
  }
}

/** A network for a test; it goes when the test ends. */
export async function startNetwork(t: Test, count: number): Promise<Network> {
  const network = await Network.open(count)
  t.teardown(() => network.close())
  return network
}

async function ip(args: readonly string[]): Promise<string> {
  const { code, out, err } = await run('ip', args)
  if (code !== 0)
    throw new Error(
      `ip ${args.join(' ')} failed: ${err.trim()}; network namespaces need root, or CAP_NET_ADMIN and CAP_SYS_ADMIN`,
    )
  return out
}

async function inside(host: Host, program: string, ...args: readonly string[]): Promise<void> {
  const { code, err } = await run(...host.command(program, args))
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} on ${host.name} failed: ${err.trim()}`)
}

async function removeNamespace(name: string): Promise<void> {
  const { code, out } = await run('ip', ['netns', 'pids', name])
  if (code !== 0) return
  killAll(
    out
      .split('\n')
      .filter(line => line !== '')
      .map(Number),
  )
  // The links in it go with it.
  await run('ip', ['netns', 'del', name])
}

/** Removes the hosts of tests that were killed. */
async function removeStale(): Promise<void> {
  const names = (await ip(['netns', 'list'])).split('\n').map(line => line.split(' ')[0] ?? '')
  for (const name of names) {
    const pid = Number(/^muster-(\d+)-/.exec(name)?.[1] ?? process.pid)
    if (!isRunning(pid)) await removeNamespace(name)
  }
}
