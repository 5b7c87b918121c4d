import { lineText, type EtcdLine } from './log-line.js'

/**
 * Why an etcd ended. `removed`: its cluster has removed it. `hopeless`: it would end the same way again until someone
 * acts. `crash`: starting it again may help. `damaged`: as hopeless, and its data is the reason. `reason` is for
 * people, `hint` what to do.
 */
export interface ExitCause {
  readonly kind: 'removed' | 'hopeless' | 'damaged' | 'crash'
  readonly reason: string
  readonly hint: string | undefined
}

/**
 * The agent has ended etcd because its directory was moved away or replaced: etcd would acknowledge writes to files
 * that are lost at the next start.
 */
export const displacedCause: ExitCause = {
  kind: 'hopeless',
  reason: 'its directory was removed, moved away or replaced while it ran, so what it was told would be lost',
  hint: 'put the directory back as it was and restart the agent; where it is lost, restart the agent: the server then enters its cluster afresh',
}

interface Pattern {
  readonly words: RegExp
  readonly kind: 'hopeless' | 'damaged' | 'crash'
  readonly reason: string
  readonly hint: string
}

const removal =
  /data-dir used by this member must be removed|server error: the member has been permanently removed from the cluster/

const full: Pattern = {
  words: /no space left on device|disk quota exceeded/i,
  kind: 'crash',
  reason: 'the disk is full',
  hint: 'free space on the disk of the data directory; etcd is started again by itself',
}

/** The first that fits counts: a full disk is the cause also where a damaged file is the effect. */
const patterns: readonly Pattern[] = [
  full,
  {
    words: /bind: address already in use/,
    kind: 'crash',
    reason: 'its port is in use by another program',
    hint: 'stop that program, or choose another ports.server',
  },
  {
    words: /bind: cannot assign requested address/,
    kind: 'crash',
    reason: 'the machine does not have the address to listen on',
    hint: 'set bind_addr to an address of this machine',
  },
  {
    words: /permission denied|operation not permitted|read-only file system/i,
    kind: 'hopeless',
    reason: 'it may not use its files',
    hint: 'make the data directory and all in it writable for the user of the agent, for example with chown -R',
  },
  {
    words: /flag provided but not defined|unknown flag|invalid value .* for flag/,
    kind: 'hopeless',
    reason: 'this etcd does not take the flags that it is given',
    hint: 'use etcd 3.4 to 3.6: apt-get install etcd-server',
  },
  {
    words:
      /crc mismatch|cannot use none as id|failed to read WAL|failed to (?:recover|find|load).*snapshot|snapshot.*(?:corrupt|missing)|invalid database|page .* already freed|freelist|unexpected EOF|walpb:|wal: |snap: |tocommit\(\d+\) is out of range/i,
    kind: 'damaged',
    reason: 'its data is damaged',
    hint: 'where the other servers have a leader, this one moves its data aside and enters afresh by itself. Where they have none, move the folder "etcd" of its data directory aside, start the servers again and restore the newest snapshot with "muster snapshot restore"; or go on with the servers whose data is whole, as raft/peers.json names them',
  },
  {
    words:
      /member count is unequal|error validating peerURLs|mismatched cluster ID|unmatched member while checking PeerURLs/,
    kind: 'hopeless',
    reason: 'the cluster does not expect it at this address',
    hint: 'it has to ask for a place again',
  },
  {
    words: /cannot fetch cluster info from peer urls/,
    kind: 'crash',
    reason: "none of the cluster's members answers",
    hint: 'see that port 8300 (ports.server) is open between the servers',
  },
]

/** How many of the errors at the end are looked at. */
const maxErrorLines = 5

/**
 * Tells why etcd ended from its last lines and how it ended. `lacksRoom`: its disk is, or has just been, too full to
 * mend what a full disk has cut off.
 */
export function explainExit(
  lines: readonly EtcdLine[],
  code: number | undefined,
  signal: string | undefined,
  lacksRoom = false,
): ExitCause {
  const texts = lines.map(lineText)
  if (texts.some(text => removal.test(text)))
    return { kind: 'removed', reason: 'its cluster has removed it', hint: undefined }
  const end =
    signal !== undefined ? `it was ended by ${signal}` : code !== undefined ? `it ended with code ${code}` : 'it ended'
  const last = lines.findLast(({ level }) => level === 'error')
  // The Go runtime prints the error before its long list of goroutines.
  const saying = lines.find(({ message }) => /^(panic|fatal error):/.test(message)) ?? last
  const said = saying === undefined ? '' : `: ${lineText(saying).slice(0, 500)}`
  // Ignore warnings, which never end the process: the warning of a lost connection reads like that of a damaged file.
  const fatalLines = lines
    .filter(({ level, message }) => level === 'error' || message.startsWith('flag provided'))
    .slice(-maxErrorLines)
    .map(lineText)
  const pattern =
    signal === 'SIGKILL' || code === 0
      ? undefined
      : patterns.find(({ words }) => fatalLines.some(text => words.test(text)))
  // On a full disk etcd cannot write its own error message.
  const isMute = code !== undefined && code !== 0 && pattern === undefined && last === undefined
  if (lacksRoom && (pattern?.kind === 'damaged' || isMute))
    return { kind: 'crash', reason: `${full.reason} (${end}${said})`, hint: full.hint }
  if (pattern !== undefined)
    return { kind: pattern.kind, reason: `${pattern.reason} (${end}${said})`, hint: pattern.hint }
  return { kind: 'crash', reason: `${end}${said}`, hint: undefined }
}
