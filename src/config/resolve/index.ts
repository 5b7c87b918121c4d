import type { Merged } from '../combine/merge.js'
import { isAlone, type Settings } from '../settings.js'
import type { Diagnostic } from '../types.js'
import type { InterfaceAddress } from './interface-address.js'
import { resolveAddresses } from './addresses.js'
import { resolveCluster } from './cluster.js'
import { resolveDns, resolveRecursors } from './dns.js'
import { resolveEtcd } from './etcd.js'
import { resolveHttp, resolveUi } from './http.js'
import { resolveIdentity, resolveLog } from './identity.js'
import { resolveMode } from './mode.js'
import type { AgentHistory } from './mode.js'
import { checkPortClashes, checkPortsOf, resolvePorts } from './ports.js'
import { Reader } from './reader.js'
import { checkSecurity } from './security.js'

/** What resolving needs to know of the machine and the command line. */
export interface Environment {
  readonly hostname: string
  readonly dev: boolean
  /** Undefined: the network is not to be asked. */
  readonly interfaces: (() => readonly InterfaceAddress[]) | undefined
  /** What stands at a path of the file system. */
  readonly kindOf: (path: string) => 'file' | 'folder' | 'nothing'
  /** What is read is a part of the files: other parts may say what is missing. */
  readonly partial?: boolean
  /** What the agent of a data directory was before; left out: nothing is known. */
  readonly history?: (dataDir: string) => AgentHistory
}

const unknownHistory: AgentHistory = { etcd: false, role: undefined }

/** Complete settings, or none when anything about them is an error. */
export interface Resolved {
  readonly settings: Settings | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Turns what was written into what the agent runs on: every default filled in, every rule between keys held, frozen.
 */
export function resolve(merged: Merged, environment: Environment): Resolved {
  const reader = new Reader(merged, environment.partial)
  const dataDir = resolveDataDir(reader, environment)
  const history = dataDir === '' ? unknownHistory : (environment.history?.(dataDir) ?? unknownHistory)
  const mode = resolveMode(reader, { dev: environment.dev, history })
  const alone = isAlone(mode)
  const addresses = resolveAddresses(reader, alone, environment.interfaces)
  const ports = resolvePorts(reader)
  const settings: Settings = {
    ...resolveIdentity(reader, environment.hostname),
    ...mode,
    ...addresses,
    ...resolveChecks(reader),
    ...resolveTimes(reader),
    ports,
    dev: environment.dev,
    dataDir,
    unixSockets: {
      user: reader.text('unix_sockets.user'),
      group: reader.text('unix_sockets.group'),
      mode: socketMode(reader),
    },
    dns: resolveDns(reader),
    recursors: resolveRecursors(reader, environment.interfaces),
    http: resolveHttp(reader),
    limits: {
      httpMaxConnsPerClient: reader.number('limits.http_max_conns_per_client'),
      kvMaxValueSize: reader.number('limits.kv_max_value_size'),
      txnMaxReqLen: reader.number('limits.txn_max_req_len'),
    },
    leaveOnTerminate: byMode(reader, 'leave_on_terminate', !mode.server),
    skipLeaveOnInterrupt: byMode(reader, 'skip_leave_on_interrupt', mode.server),
    translateWanAddrs: reader.flag('translate_wan_addrs'),
    log: resolveLog(reader),
    telemetry: {
      metricsPrefix: reader.text('telemetry.metrics_prefix'),
      disableHostname: reader.flag('telemetry.disable_hostname'),
    },
    pidFile: reader.text('pid_file'),
    enableDebug: reader.flag('enable_debug'),
    ui: resolveUi(reader),
    autoReloadConfig: reader.flag('auto_reload_config'),
    cluster: resolveCluster(reader, addresses.bindAddr, environment.interfaces),
    etcd: resolveEtcd(reader),
  }
  checkPortClashes(reader, settings)
  checkPortsOf(reader, settings)
  checkSecurity(reader, settings.engine)
  const bad = reader.diagnostics.some(diagnostic => diagnostic.severity === 'error')
  return {
    settings: bad ? undefined : deepFreeze(settings),
    diagnostics: [...merged.disagreements, ...reader.diagnostics],
  }
}

/** Whether a client agent or a server leaves when it is stopped differs where nobody says. */
function byMode(reader: Reader, key: string, otherwise: boolean): boolean {
  const written = reader.written(key)
  return typeof written === 'boolean' ? written : otherwise
}

function resolveChecks(
  reader: Reader,
): Pick<
  Settings,
  'checkUpdateInterval' | 'checkOutputMaxSize' | 'discardCheckOutput' | 'enableScriptChecks' | 'enableLocalScriptChecks'
> {
  const enableScriptChecks = reader.flag('enable_script_checks')
  const checkOutputMaxSize = reader.number('check_output_max_size')
  if (checkOutputMaxSize <= 0) {
    reader.report('check_output_max_size', {
      code: 'out-of-range',
      message: 'check_output_max_size must be positive, to discard check output use discard_check_output',
    })
  }
  if (enableScriptChecks && reader.list('http_config.allow_write_http_from').length === 0) {
    reader.report('enable_script_checks', {
      severity: 'warning',
      code: 'remote-scripts',
      message: '"enable_script_checks" lets whoever reaches the HTTP API run programs on this machine',
      hint: 'use "enable_local_script_checks", or name who may write in "http_config.allow_write_http_from"',
    })
  }
  return {
    checkUpdateInterval: reader.duration('check_update_interval'),
    checkOutputMaxSize,
    discardCheckOutput: reader.flag('discard_check_output'),
    enableScriptChecks,
    enableLocalScriptChecks: enableScriptChecks || reader.flag('enable_local_script_checks'),
  }
}

function resolveTimes(
  reader: Reader,
): Pick<Settings, 'defaultQueryTime' | 'maxQueryTime' | 'sessionTtlMin' | 'leaveDrainTime'> {
  return {
    defaultQueryTime: reader.duration('default_query_time'),
    maxQueryTime: reader.duration('max_query_time'),
    sessionTtlMin: reader.duration('session_ttl_min'),
    leaveDrainTime: reader.duration('performance.leave_drain_time'),
  }
}

function resolveDataDir(reader: Reader, { dev, kindOf }: Environment): string {
  const folder = reader.text('data_dir')
  if (dev) {
    if (reader.written('data_dir') !== undefined) {
      reader.report('data_dir', {
        severity: 'warning',
        code: 'ignored-key',
        message: '"data_dir" is ignored: with -dev nothing is written',
        hint: 'leave out -dev to keep the state',
      })
    }
    return ''
  }
  if (folder === '')
    reader.report('data_dir', {
      code: 'bad-value',
      message: 'data_dir cannot be empty',
      hint: 'leave it out for "muster-data" in the working directory',
    })
  else if (kindOf(folder) === 'file')
    reader.report('data_dir', {
      code: 'bad-value',
      message: `data_dir ${JSON.stringify(folder)} is not a folder`,
      hint: 'name a folder',
    })
  return folder
}

function socketMode(reader: Reader): string {
  const mode = reader.text('unix_sockets.mode')
  if (!/^(0?[0-7]{3})?$/.test(mode)) {
    reader.report('unix_sockets.mode', {
      code: 'bad-value',
      message: `"mode" must be octal permissions, found ${JSON.stringify(mode)}`,
      hint: 'write e.g. "0660"',
    })
  }
  return mode
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}
