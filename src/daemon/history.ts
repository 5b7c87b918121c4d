import fs from 'node:fs'
import path from 'node:path'
import { hasEtcdData } from '../cluster/index.js'
import { MusterError, errorCode, errorMessage } from '../common/errors.js'
import type { AgentHistory } from '../config/index.js'

/** There as long as the agent, which nobody told what it is, is a client agent because it was told to join others. */
const clientFile = 'client.json'

/** What a data directory says about the agent that it belongs to. */
export const readHistory = (dataDir: string): AgentHistory => ({ etcd: hasEtcdData(path.join(dataDir, 'etcd')), client: fs.existsSync(path.join(dataDir, clientFile)) })

/** The addresses through which it once became a client agent; none when it did not. An unreadable file counts as one without addresses. */
export function joinedThrough(dataDir: string): readonly string[] {
  try {
    const { joined } = JSON.parse(fs.readFileSync(path.join(dataDir, clientFile), 'utf8')) as { joined?: unknown }
    return Array.isArray(joined) ? joined.filter(address => typeof address === 'string') : []
  } catch {
    return []
  }
}

/** Notes that the agent is a client agent from now on. @throws MusterError DATA_DIR */
export function becomeClient(dataDir: string, joined: readonly string[]): void {
  const file = path.join(dataDir, clientFile)
  try {
    fs.writeFileSync(`${file}.tmp`, `${JSON.stringify({ joined })}\n`, { mode: 0o600 })
    fs.renameSync(`${file}.tmp`, file)
  } catch (cause) {
    throw new MusterError('DATA_DIR', `cannot note in ${dataDir} that this agent joins others: ${errorMessage(cause)}`, { cause })
  }
}

/** Notes that it left, and is a server of its own when it starts again. */
export function noLongerClient(dataDir: string): void {
  try {
    fs.unlinkSync(path.join(dataDir, clientFile))
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
