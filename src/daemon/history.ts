import path from 'node:path'
import { hasEtcdData } from '../etcd/index.js'
import { replaceFileSync } from '../common/durable-files.js'
import { MusterError, errorMessage } from '../common/errors.js'
import { readSmallFile } from '../common/small-files.js'
import type { AgentHistory, Settings } from '../config/index.js'

/** There from the first time that the agent was told what it is: by its settings, or by being told to join others. */
const roleFile = 'role.json'

/** What the file says. `joined`: addresses through which a client agent found its servers. */
interface Told {
  readonly role: 'server' | 'client' | undefined
  readonly joined: readonly string[]
}

const nothing: Told = { role: undefined, joined: [] }

/** What a data directory says about the agent that it belongs to. */
export const readHistory = (dataDir: string): AgentHistory => ({
  etcd: hasEtcdData(path.join(dataDir, 'etcd')),
  role: readTold(dataDir).role,
})

/** The addresses through which it became a client agent; none when it did not. */
export const joinedThrough = (dataDir: string): readonly string[] => readTold(dataDir).joined

/** A file that cannot be read says nothing. */
function readTold(dataDir: string): Told {
  try {
    const { role, joined } = JSON.parse(readSmallFile(path.join(dataDir, roleFile)) ?? '') as {
      role?: unknown
      joined?: unknown
    }
    if (role !== 'server' && role !== 'client') return nothing
    return { role, joined: Array.isArray(joined) ? joined.filter(address => typeof address === 'string') : [] }
  } catch {
    return nothing
  }
}

/** Notes that the agent is a client agent from now on, also after it has left. @throws MusterError DATA_DIR */
export const becomeClient = (dataDir: string, joined: readonly string[]): void => {
  note(dataDir, { role: 'client', joined })
}

/**
 * Notes what the settings made of the agent, so that it is the same when a later start says nothing about it. A server
 * that is one because nobody told it anything is none that was told.
 * @throws MusterError DATA_DIR
 */
export function rememberRole({ dataDir, dev, server, lone, cluster }: Settings): void {
  if (dev || dataDir === '' || lone) return
  const configured = [...cluster.startJoin, ...cluster.retryJoin]
  note(
    dataDir,
    server
      ? { role: 'server', joined: [] }
      : { role: 'client', joined: configured.length > 0 ? configured : joinedThrough(dataDir) },
  )
}

/**
 * Writes nothing where the file says so already. It is on the disk when this returns: the agent answers as what it
 * says.
 */
function note(dataDir: string, told: Told): void {
  const file = path.join(dataDir, roleFile)
  const text = `${JSON.stringify(told)}\n`
  try {
    if (readSmallFile(file) !== text) replaceFileSync(file, text)
  } catch (cause) {
    throw new MusterError('DATA_DIR', `cannot note in ${file} what this agent is: ${errorMessage(cause)}`, {
      cause,
      hint: 'data_dir has to be writable for the agent, and have room',
    })
  }
}
