import fs from 'node:fs'
import path from 'node:path'
import { MusterError, errorMessage } from '../common/errors.js'
import { filled } from '../common/filled.js'
import { flagIsSet, flagValue, type FlagSpec, type ParsedFlags } from '../common/flags.js'
import { nearest } from '../common/nearest.js'
import type { Io } from './io.js'

/** How the command line reaches an agent. */
export interface ClientSettings {
  /** `http:`, `https:` with host and port, or a unix socket. */
  readonly target:
    | { readonly kind: 'tcp'; readonly tls: boolean; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string }
  readonly token: string
  /** `user:password`, '' for none. */
  readonly auth: string
  /** PEM texts and names; undefined where not set. */
  readonly tls: {
    readonly ca: readonly string[] | undefined
    readonly cert: string | undefined
    readonly key: string | undefined
    readonly serverName: string | undefined
    readonly verify: boolean
  }
  readonly datacenter: string
  readonly stale: boolean
  /** '' for none. Agents refuse both, as those of Consul's free edition do. */
  readonly namespace: string
  readonly partition: string
}

/** Flags that every command which talks to an agent takes. */
export const clientFlags: readonly FlagSpec[] = [
  {
    name: 'http-addr',
    type: 'string',
    placeholder: 'ADDRESS',
    help: 'the agent: host:port, http(s)://host:port or unix:///path (default 127.0.0.1:8500; MUSTER_HTTP_ADDR, CONSUL_HTTP_ADDR)',
  },
  { name: 'token', type: 'string', placeholder: 'TOKEN', help: 'ACL token (MUSTER_HTTP_TOKEN, CONSUL_HTTP_TOKEN)' },
  { name: 'token-file', type: 'string', placeholder: 'FILE', help: 'file that holds the ACL token; beats -token' },
  { name: 'ca-file', type: 'string', placeholder: 'FILE', help: "PEM file with the CA of the agent's certificate" },
  { name: 'ca-path', type: 'string', placeholder: 'DIR', help: 'directory of such PEM files' },
  { name: 'client-cert', type: 'string', placeholder: 'FILE', help: 'PEM file with our certificate' },
  { name: 'client-key', type: 'string', placeholder: 'FILE', help: 'PEM file with its key' },
  { name: 'tls-server-name', type: 'string', placeholder: 'NAME', help: "name to expect in the agent's certificate" },
]

/** Flags of commands that read the catalog. */
export const serverFlags: readonly FlagSpec[] = [
  { name: 'datacenter', type: 'string', placeholder: 'NAME', help: "datacenter to ask (default: the agent's)" },
  { name: 'stale', type: 'bool', help: 'take the answer of any server, also one without a leader' },
]

/** Flags of commands about what a paid edition of Consul keeps apart. They are passed on for the agent to refuse. */
export const tenancyFlags: readonly FlagSpec[] = [
  {
    name: 'namespace',
    type: 'string',
    placeholder: 'NAME',
    help: 'of Consul Enterprise: any but none is refused (MUSTER_NAMESPACE, CONSUL_NAMESPACE)',
  },
  { name: 'partition', type: 'string', placeholder: 'NAME', help: 'of Consul Enterprise: any but none is refused' },
]

/** The keys of a settings file (`.musterrc`, `.musterrc.json`, `.musterrc.yaml`, or `muster` in package.json). */
interface FileSettings {
  readonly address?: string
  readonly token?: string
  readonly tokenFile?: string
  readonly datacenter?: string
  readonly caFile?: string
  readonly caPath?: string
  readonly clientCert?: string
  readonly clientKey?: string
  readonly tlsServerName?: string
}

const fileKeys: readonly (keyof FileSettings)[] = [
  'address',
  'token',
  'tokenFile',
  'datacenter',
  'caFile',
  'caPath',
  'clientCert',
  'clientKey',
  'tlsServerName',
]

/**
 * Where the agent is and how to talk to it: flags, then MUSTER_* and CONSUL_* variables, then the settings file nearest
 * above the working directory, then the default. @throws MusterError CLI_SETTINGS naming the source that is wrong.
 */
export async function clientSettings(flags: ParsedFlags, io: Io): Promise<ClientSettings> {
  const file = await settingsFile(io)
  const pick = (flag: string, variable: string, key: keyof FileSettings): string | undefined =>
    flagValue(flags, flag) ?? variableValue(io.env, variable) ?? file[key]
  const address = pick('http-addr', 'HTTP_ADDR', 'address') ?? '127.0.0.1:8500'
  const ssl = variableValue(io.env, 'HTTP_SSL')
  const caPath = pick('ca-path', 'CAPATH', 'caPath')
  const caFile = pick('ca-file', 'CACERT', 'caFile')
  const cert = pick('client-cert', 'CLIENT_CERT', 'clientCert')
  const key = pick('client-key', 'CLIENT_KEY', 'clientKey')
  return {
    target: parseAddress(address, ssl !== undefined && truth(ssl)),
    token: token(pick('token-file', 'HTTP_TOKEN_FILE', 'tokenFile'), pick('token', 'HTTP_TOKEN', 'token'), io.cwd),
    auth: variableValue(io.env, 'HTTP_AUTH') ?? '',
    tls: {
      ca:
        caFile !== undefined
          ? [pem(caFile, io.cwd)]
          : caPath !== undefined
            ? pemDirectory(path.resolve(io.cwd, caPath))
            : undefined,
      cert: cert === undefined ? undefined : pem(cert, io.cwd),
      key: key === undefined ? undefined : pem(key, io.cwd),
      serverName: pick('tls-server-name', 'TLS_SERVER_NAME', 'tlsServerName'),
      verify: truth(variableValue(io.env, 'HTTP_SSL_VERIFY') ?? 'true'),
    },
    datacenter: flagValue(flags, 'datacenter') ?? file.datacenter ?? '',
    stale: flagIsSet(flags, 'stale'),
    namespace: flagValue(flags, 'namespace') ?? variableValue(io.env, 'NAMESPACE') ?? '',
    partition: flagValue(flags, 'partition') ?? '',
  }
}

/** `MUSTER_HTTP_ADDR` before `CONSUL_HTTP_ADDR`; an empty variable counts as unset. */
function variableValue(env: Io['env'], name: string): string | undefined {
  return [env[`MUSTER_${name}`], env[`CONSUL_${name}`]].find(filled)
}

const truth = (text: string): boolean => ['1', 't', 'true'].includes(text.toLowerCase())

async function settingsFile(io: Io): Promise<FileSettings> {
  const { cosmiconfig, defaultLoaders } = await import('cosmiconfig')
  // No loaders for code: a .js file in the working directory must not be executed.
  const loaders = {
    'noExt': defaultLoaders['.yaml'],
    '.json': defaultLoaders['.json'],
    '.yaml': defaultLoaders['.yaml'],
    '.yml': defaultLoaders['.yml'],
  }
  const searchPlaces = [
    'package.json',
    '.musterrc',
    '.musterrc.json',
    '.musterrc.yaml',
    '.musterrc.yml',
    '.config/musterrc',
    '.config/musterrc.json',
    '.config/musterrc.yaml',
  ]
  let found
  try {
    found = await cosmiconfig('muster', {
      loaders,
      searchPlaces,
      stopDir: io.env.HOME ?? '/',
      searchStrategy: 'global',
    }).search(io.cwd)
  } catch (error) {
    throw new MusterError('CLI_SETTINGS', `the settings file of muster cannot be read: ${errorMessage(error)}`)
  }
  if (found === null || found.isEmpty === true) return {}
  const settings = found.config as unknown
  if (typeof settings !== 'object' || settings === null)
    throw new MusterError('CLI_SETTINGS', `${found.filepath}: an object with settings was expected`)
  for (const [key, value] of Object.entries(settings)) {
    if (!fileKeys.includes(key as keyof FileSettings)) {
      const near = nearest(key, fileKeys)
      throw new MusterError('CLI_SETTINGS', `${found.filepath}: unknown setting "${key}"`, {
        hint: near === undefined ? `known: ${fileKeys.join(', ')}` : `did you mean "${near}"?`,
      })
    }
    if (typeof value !== 'string') throw new MusterError('CLI_SETTINGS', `${found.filepath}: "${key}" must be a text`)
  }
  return settings
}

function parseAddress(address: string, ssl: boolean): ClientSettings['target'] {
  if (address.startsWith('unix://')) return { kind: 'unix', path: address.slice('unix://'.length) }
  const text = address.includes('://') ? address : `${ssl ? 'https' : 'http'}://${address}`
  const url = /^https?:/.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) {
    throw new MusterError('CLI_SETTINGS', `"${address}" is not an address of an agent`, {
      hint: 'write host:port, http(s)://host:port or unix:///path',
    })
  }
  const tls = url.protocol === 'https:'
  return {
    kind: 'tcp',
    tls,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
  }
}

function token(file: string | undefined, plain: string | undefined, cwd: string): string {
  return file === undefined ? (plain ?? '') : pem(file, cwd).trim()
}

function pem(file: string, cwd: string): string {
  try {
    return fs.readFileSync(path.resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new MusterError('CLI_SETTINGS', `cannot read ${file}: ${errorMessage(error)}`)
  }
}

function pemDirectory(directory: string): string[] {
  try {
    return fs
      .readdirSync(directory)
      .filter(name => /\.(pem|crt)$/.test(name))
      .map(name => pem(name, directory))
  } catch (error) {
    throw new MusterError('CLI_SETTINGS', `cannot read the CA directory ${directory}: ${errorMessage(error)}`)
  }
}
