import { chmod, chown, lstat, readFile, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { errorCode, MusterError } from '../../common/errors.js'
import type { Settings } from '../../config/index.js'

/**
 * Takes away the socket file that a process which is no more left behind.
 * @throws MusterError HTTP_SOCKET_TAKEN when something else is there, or somebody listens on it.
 */
export async function clearSocketFile(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw taken(path, 'it is no socket', 'name another path, or remove that file')
  const answered = await new Promise<boolean>(resolve => {
    const probe = connect(path, () => {
      probe.destroy()
      resolve(true)
    })
    probe.on('error', () => {
      resolve(false)
    })
  })
  if (answered) throw taken(path, 'another process listens there', 'stop it, or name another path')
  await unlink(path)
}

/** Gives a listening socket's file the mode and owner of `unix_sockets`. Empty settings leave things as they are. */
export async function ownSocketFile(path: string, { mode, user, group }: Settings['unixSockets']): Promise<void> {
  if (user !== '' || group !== '') {
    await chown(
      path,
      await accountId('/etc/passwd', user, process.getuid?.() ?? 0),
      await accountId('/etc/group', group, process.getgid?.() ?? 0),
    )
  }
  if (mode !== '') await chmod(path, Number.parseInt(mode, 8))
}

async function accountId(file: string, nameOrId: string, fallback: number): Promise<number> {
  if (nameOrId === '') return fallback
  if (/^\d+$/.test(nameOrId)) return Number(nameOrId)
  const lines = (await readFile(file, 'utf8')).split('\n').map(line => line.split(':'))
  const id = lines.find(([name]) => name === nameOrId)?.[2]
  if (id === undefined)
    throw new MusterError('HTTP_SOCKET_OWNER', `unix_sockets names "${nameOrId}", which ${file} does not know`, {
      hint: 'give a known name, or a number',
    })
  return Number(id)
}

const taken = (path: string, why: string, hint: string): MusterError =>
  new MusterError('HTTP_SOCKET_TAKEN', `cannot listen on unix://${path}: ${why}`, { hint })
