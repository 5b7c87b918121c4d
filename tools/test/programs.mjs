// What the tests need of the system: programs (installed on Debian when run as root) and network namespaces.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/**
 * Programs that tests start, and the Debian package that brings each; `test`: how to see that it is there, when its
 * being on the path is not enough.
 */
const programs = [
  { program: 'dig', package: 'bind9-dnsutils' },
  { program: 'curl', package: 'curl' },
  { program: 'openssl', package: 'openssl' },
  { program: 'etcd', package: 'etcd-server' },
  { program: 'etcdctl', package: 'etcd-client' },
  { program: 'ip', package: 'iproute2' },
  { program: 'iptables', package: 'iptables' },
  { program: 'haproxy', package: 'haproxy' },
  {
    program: "python3's module consul",
    package: 'python3-consul',
    test: () => spawnSync('/usr/bin/python3', ['-c', 'import consul']).status === 0,
  },
]

/** Installs what is missing, or ends the process with what there is to install. */
export function ensurePrograms() {
  const missing = programs.filter(({ program, test }) => !(test === undefined ? onPath(program) : test()))
  if (missing.length === 0) return
  const packages = missing.map(entry => entry.package)
  const why = `the tests need ${missing.map(({ program }) => program).join(', ')}`
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version')) {
    console.error(
      `${why}: install ${packages.length > 1 ? 'the packages' : 'the package'} ${packages.join(' ')} and run npm test again`,
    )
    process.exit(1)
  }
  console.log(`${why}: installing ${packages.join(' ')}`)
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
  run('apt-get', ['update', '-qq'], quiet)
  withoutServices(() => {
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet)
  })
}

/** Tests cut agents off from each other: each runs in a network namespace of its own. */
export function ensureNamespaces() {
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`
  const name = `muster-${process.pid}-probe`
  const { status, stderr, error } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (status === 0) {
    spawnSync('ip', ['netns', 'del', name])
    return
  }
  console.error(
    `the tests need network namespaces, and \`ip netns add\` was refused: ${(error?.message ?? stderr).trim()}\n`
      + 'run npm test as root, or in a container that has CAP_NET_ADMIN and CAP_SYS_ADMIN (docker run --privileged)',
  )
  process.exit(1)
}

/** Runs a program with our output; ends the whole process when it fails. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', ...options })
  if (status === 0) return
  console.error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`)
  process.exit(1)
}

/** Debian starts an etcd of its own with the package etcd-server, unless this file says no. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  if (fs.existsSync(policy)) return install()
  fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  // run() ends the whole process when it fails.
  process.once('exit', () => {
    fs.rmSync(policy, { force: true })
  })
  install()
}

function onPath(program) {
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].some(folder =>
    fs.existsSync(path.join(folder, program)),
  )
}
