import { lengthFault, maxNodeBytes, nodeNameFault } from '../../common/name-limits.js'
import { nearest } from '../../common/nearest.js'
import { isUuid } from '../../common/uuid.js'
import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

type Identity = Pick<
  Settings,
  'datacenter' | 'primaryDatacenter' | 'nodeName' | 'nodeId' | 'disableHostNodeId' | 'nodeMeta' | 'domain' | 'altDomain'
>

/** Who this node is: datacenter, name, id, meta data, and the domains it answers for. */
export function resolveIdentity(reader: Reader, hostname: string): Identity {
  const datacenter = datacenterName(reader, 'datacenter')
  return {
    datacenter,
    primaryDatacenter: datacenterName(reader, 'primary_datacenter') || datacenter,
    nodeName: nodeName(reader, hostname),
    nodeId: nodeId(reader),
    disableHostNodeId: reader.flag('disable_host_node_id'),
    nodeMeta: nodeMeta(reader),
    domain: domain(reader, 'domain'),
    altDomain: altDomain(reader, datacenter),
  }
}

function datacenterName(reader: Reader, key: string): string {
  const name = reader.text(key).toLowerCase()
  if (name === '' && key === 'datacenter')
    reader.report(key, { code: 'bad-name', message: 'datacenter cannot be empty', hint: 'leave it out for "dc1"' })
  if (!/^[a-z0-9_-]*$/.test(name)) {
    reader.report(key, {
      code: 'bad-name',
      message: `${key} can only contain lowercase alphanumeric, - or _ characters. received: ${quote(name)}`,
    })
  }
  return name
}

function nodeName(reader: Reader, hostname: string): string {
  if (reader.written('node_name') === '')
    reader.report('node_name', {
      code: 'bad-name',
      message: 'node_name cannot be empty',
      hint: 'leave it out for the host name',
    })
  const name = reader.text('node_name') || hostname
  const fault = name === '' ? undefined : nodeNameFault(name)
  if (fault !== undefined) {
    const long = lengthFault('the node name', name, maxNodeBytes) === fault
    reader.report(
      'node_name',
      long
        ? { code: 'too-long', message: fault, hint: 'set node_name to a shorter one' }
        : { code: 'bad-name', message: fault, hint: 'set node_name to a plain name' },
    )
  } else if (name !== '' && !/^[A-Za-z0-9-]{1,63}$/.test(name)) {
    reader.report('node_name', {
      severity: 'warning',
      code: 'not-a-dns-name',
      message: `the node name ${quote(name)} cannot be asked for over DNS`,
      hint: 'use letters, digits and "-", at most 63 of them',
    })
  }
  return name
}

function nodeId(reader: Reader): string {
  const id = reader.text('node_id').toLowerCase()
  if (id !== '' && !isUuid(id)) {
    reader.report('node_id', {
      code: 'bad-value',
      message: `"node_id" must be a UUID, found ${quote(id)}`,
      hint: 'leave it out: one is made and kept in the data folder',
    })
  }
  return id
}

const metaPairs = 64
const metaKeyLength = 128
const metaValueLength = 512

function nodeMeta(reader: Reader): Settings['nodeMeta'] {
  const meta = reader.map('node_meta')
  const pairs = Object.entries(meta)
  if (pairs.length > metaPairs)
    reader.report('node_meta', {
      code: 'too-many',
      message: `"node_meta" may hold ${metaPairs} pairs, found ${pairs.length}`,
    })
  for (const [key, value] of pairs) {
    const report = (message: string, hint: string): void => {
      reader.report(`node_meta.${key}`, { code: 'bad-meta', message, hint })
    }
    if (!/^[A-Za-z0-9_-]+$/.test(key))
      report(`the meta key ${quote(key)} has characters that are not allowed`, 'use letters, digits, "-" and "_"')
    if (key.length > metaKeyLength)
      report(`the meta key ${quote(key)} is longer than ${metaKeyLength} characters`, 'shorten it')
    if (value.length > metaValueLength)
      report(`the meta value of ${quote(key)} is longer than ${metaValueLength} characters`, 'shorten it')
    if (key.startsWith('consul-'))
      report(`the meta key ${quote(key)} begins with "consul-", which is reserved`, 'choose another name')
  }
  return meta
}

function domain(reader: Reader, key: string): string {
  const text = reader.text(key)
  const name = text.toLowerCase().replace(/\.$/, '')
  if (key === 'domain' && name === '')
    reader.report(key, { code: 'bad-domain', message: 'domain cannot be empty', hint: 'leave it out for "consul."' })
  if (
    name !== ''
    && (name.length > 253 || !name.split('.').every(label => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)))
  ) {
    reader.report(key, { code: 'bad-domain', message: `${quote(key)} must be a domain name, found ${quote(text)}` })
  }
  return name
}

const keywords = ['service', 'connect', 'node', 'query', 'addr']

function altDomain(reader: Reader, datacenter: string): string {
  const name = domain(reader, 'alt_domain')
  const first = name.split('.')[0] ?? ''
  if (name !== '' && (keywords.includes(first) || first === datacenter)) {
    reader.report('alt_domain', {
      code: 'bad-domain',
      message: `alt_domain cannot start with ${[...keywords, datacenter].join(', ')}: found ${quote(name)}`,
      hint: 'put another label in front',
    })
  }
  return name
}

const levels: Readonly<Record<string, Settings['log']['level']>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  WARNING: 'warn',
  ERR: 'error',
  ERROR: 'error',
}

/** How and where the agent logs. */
export function resolveLog(reader: Reader): Settings['log'] {
  const text = reader.text('log_level').toUpperCase()
  const level = levels[text]
  if (level === undefined) {
    const near = nearest(text, Object.keys(levels))
    reader.report('log_level', {
      code: 'not-allowed',
      message: `"log_level" must be TRACE, DEBUG, INFO, WARN or ERR, found ${quote(reader.text('log_level'))}`,
      ...(near === undefined ? {} : { hint: `did you mean "${near}"?` }),
    })
  }
  return {
    level: level ?? 'info',
    json: reader.flag('log_json'),
    file: reader.text('log_file'),
    rotateBytes: reader.number('log_rotate_bytes'),
    rotateDuration: reader.duration('log_rotate_duration'),
    rotateMaxFiles: reader.number('log_rotate_max_files'),
    syslog: reader.flag('enable_syslog'),
    syslogFacility: reader.text('syslog_facility'),
  }
}
