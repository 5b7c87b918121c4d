import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { MusterError } from '../common/errors.js'
import { etcdEnvironment, initialArguments, steadyArguments } from './arguments.js'
import type { LaunchedProcess } from './child/runner.js'
import { hasEtcdData, removeSocket } from './data.js'
import type { HeldDirectory } from './held-directory.js'
import type { EtcdProcessOptions } from './options.js'
import type { Renumbering } from './renumbering.js'
import { runEtcd } from './run-etcd.js'
import type { EtcdStart } from './types.js'
import { keepWholeLog } from './whole-log.js'

/**
 * Starts etcd on a directory that is held and where none runs. Rejects ETCD_FAILED when it cannot be started, or has no
 * data to start from.
 */
export async function launchEtcd(
  options: EtcdProcessOptions,
  start: EtcdStart,
  { held, renumbering }: { readonly held: HeldDirectory; readonly renumbering: Renumbering },
): Promise<LaunchedProcess> {
  const { program, directory, log } = options
  if (start.how === 'found' || start.how === 'enter') renumbering.know([])
  else if (!hasEtcdData(directory))
    throw new MusterError('ETCD_FAILED', `there is no data of a member in ${directory}`, {
      hint: 'move the directory aside: the server then enters its cluster afresh',
    })
  const { formerUrls, proxyPort } = await renumbering.prepare()
  removeSocket(directory)
  if (start.how === 'alone') await keepWholeLog(directory, log)
  held.heard?.begin()
  const args = [...steadyArguments(options, formerUrls), ...initialArguments(options, start, randomUUID())]
  const machine = { architecture: process.arch, cores: availableParallelism() }
  return runEtcd(program, args, directory, etcdEnvironment(process.env, proxyPort, machine))
}
