import { MusterError, errorCode } from '../common/errors.js'
import { runProcess } from '../common/process.js'

/** The first version with learners, which the way of entering a cluster rests on. */
const oldest = [3, 4] as const
/** How long the program may take to tell its version, from a cold disk too. */
const versionTimeoutMs = 10_000

/**
 * The version of an etcd program, `3.4.23`.
 * Rejects ETCD_MISSING where there is none, ETCD_TOO_OLD, ETCD_FAILED for something that is no etcd.
 */
export async function etcdVersion(program: string): Promise<string> {
  const { how, output } = await runProcess([program, '--version'], {
    signal: new AbortController().signal,
    timeout: versionTimeoutMs,
    outputMaxSize: 4096,
  })
  const hint = 'install it with "apt-get install etcd-server", or name the program with store.etcd.program'
  if (how.type === 'no-start') {
    const missing = errorCode(how.error) === 'ENOENT'
    throw new MusterError(
      'ETCD_MISSING',
      missing
        ? `there is no etcd: the program "${program}" is not found`
        : `the etcd program "${program}" cannot be run: ${how.error.message}`,
      { hint, cause: how.error },
    )
  }
  const found = /etcd Version: v?(\d+)\.(\d+)\.(\S+)/.exec(output.text())
  if (found === null) {
    throw new MusterError(
      'ETCD_FAILED',
      `the program "${program}" is no etcd: asked for its version it said ${JSON.stringify(output.text().trim().slice(0, 200))}`,
      { hint },
    )
  }
  const [major, minor] = [Number(found[1]), Number(found[2])]
  const version = `${major}.${minor}.${found[3]}`
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new MusterError(
      'ETCD_TOO_OLD',
      `the etcd program "${program}" is version ${version}; ${oldest.join('.')} or later is needed`,
      { hint },
    )
  }
  return version
}
