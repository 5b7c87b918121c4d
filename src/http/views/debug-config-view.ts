import { hostPort } from '../../common/host-port.js'
import { formatDuration, type Duration } from '../../common/duration.js'
import { apiVersion } from '../../common/version.js'
import type { Settings } from '../../config/index.js'

/**
 * `DebugConfig` of `/v1/agent/self`: the settings as the agent runs on them, under the names and in the forms that
 * Consul 1.10 gives them there, since clients look for their own domain, ports and addresses in it. Settings without a
 * meaning here are left out, and so is everything secret.
 */
export const debugConfigView = (settings: Settings, nodeId: string): Readonly<Record<string, unknown>> => ({
  ...agentView(settings, nodeId),
  ...dnsView(settings),
  ...httpView(settings),
  ...clusterView(settings),
})

function agentView(settings: Settings, nodeId: string): Readonly<Record<string, unknown>> {
  const { log, telemetry, ui, unixSockets } = settings
  return {
    ACLsEnabled: false,
    AutoReloadConfig: settings.autoReloadConfig,
    CheckOutputMaxSize: settings.checkOutputMaxSize,
    CheckUpdateInterval: formatDuration(settings.checkUpdateInterval),
    ConnectEnabled: false,
    DataDir: settings.dataDir,
    Datacenter: settings.datacenter,
    DevMode: settings.dev,
    DisableHostNodeID: settings.disableHostNodeId,
    DiscardCheckOutput: settings.discardCheckOutput,
    EnableDebug: settings.enableDebug,
    EnableLocalScriptChecks: settings.enableLocalScriptChecks,
    EnableRemoteScriptChecks: settings.enableScriptChecks,
    KVMaxValueSize: settings.limits.kvMaxValueSize,
    LeaveDrainTime: formatDuration(settings.leaveDrainTime),
    LeaveOnTerm: settings.leaveOnTerminate,
    Logging: {
      EnableSyslog: log.syslog,
      LogFilePath: log.file,
      LogJSON: log.json,
      LogLevel: log.level.toUpperCase(),
      LogRotateBytes: log.rotateBytes,
      LogRotateDuration: formatDuration(log.rotateDuration),
      LogRotateMaxFiles: log.rotateMaxFiles,
      SyslogFacility: log.syslogFacility,
    },
    NodeID: nodeId,
    NodeMeta: settings.nodeMeta,
    NodeName: settings.nodeName,
    PidFile: settings.pidFile,
    PrimaryDatacenter: settings.primaryDatacenter,
    ServerMode: settings.server,
    SessionTTLMin: formatDuration(settings.sessionTtlMin),
    SkipLeaveOnInt: settings.skipLeaveOnInterrupt,
    Telemetry: { DisableHostname: telemetry.disableHostname, MetricsPrefix: telemetry.metricsPrefix },
    TranslateWANAddrs: settings.translateWanAddrs,
    TxnMaxReqLen: settings.limits.txnMaxReqLen,
    UIConfig: { ContentPath: ui.contentPath, Enabled: ui.enabled },
    UnixSocketGroup: unixSockets.group,
    UnixSocketMode: unixSockets.mode,
    UnixSocketUser: unixSockets.user,
    Version: apiVersion,
  }
}

function dnsView({ dns, domain, altDomain, addresses, ports, recursors }: Settings): Readonly<Record<string, unknown>> {
  const { soa } = dns
  return {
    DNSARecordLimit: dns.aRecordLimit,
    DNSAddrs: [...listeners('tcp', addresses.dns, ports.dns), ...listeners('udp', addresses.dns, ports.dns)],
    DNSAllowStale: dns.allowStale,
    DNSAltDomain: altDomain === '' ? '' : `${altDomain}.`,
    DNSDisableCompression: dns.disableCompression,
    DNSDomain: `${domain}.`,
    DNSEnableTruncate: dns.enableTruncate ?? false,
    DNSMaxStale: formatDuration(dns.maxStale),
    DNSNodeMetaTXT: dns.enableAdditionalNodeMetaTxt,
    DNSNodeTTL: formatDuration(dns.nodeTtl),
    DNSOnlyPassing: dns.onlyPassing,
    DNSPort: ports.dns,
    DNSRecursorTimeout: formatDuration(dns.recursorTimeout),
    DNSRecursors: recursors,
    DNSSOA: { Expire: soa.expire, Minttl: soa.minTtl ?? 0, Refresh: soa.refresh, Retry: soa.retry },
    DNSServiceTTL: mapped(dns.serviceTtl),
    DNSUDPAnswerLimit: dns.udpAnswerLimit,
  }
}

function httpView(settings: Settings): Readonly<Record<string, unknown>> {
  const { http, limits, addresses, ports } = settings
  return {
    AllowWriteHTTPFrom: http.allowWriteHttpFrom,
    ClientAddrs: settings.clientAddrs,
    DefaultQueryTime: formatDuration(settings.defaultQueryTime),
    GRPCAddrs: [],
    GRPCPort: -1,
    HTTPAddrs: listeners('tcp', addresses.http, ports.http),
    HTTPBlockEndpoints: http.blockEndpoints,
    HTTPMaxConnsPerClient: limits.httpMaxConnsPerClient,
    HTTPMaxHeaderBytes: http.maxHeaderBytes,
    HTTPPort: ports.http,
    HTTPResponseHeaders: http.responseHeaders,
    HTTPSAddrs: listeners('tcp', addresses.https, ports.https),
    HTTPSPort: ports.https,
    MaxQueryTime: formatDuration(settings.maxQueryTime),
    SessionTTLMin: formatDuration(settings.sessionTtlMin),
  }
}

function clusterView(settings: Settings): Readonly<Record<string, unknown>> {
  const { cluster, ports, advertiseAddr, advertiseAddrWan } = settings
  return {
    AdvertiseAddrLAN: advertiseAddr,
    AdvertiseAddrWAN: advertiseAddrWan,
    BindAddr: settings.bindAddr,
    Bootstrap: settings.bootstrap,
    BootstrapExpect: settings.bootstrapExpect,
    DisableCoordinates: cluster.disableCoordinates,
    DisableRemoteExec: cluster.disableRemoteExec,
    DiscoveryMaxStale: formatDuration(cluster.discoveryMaxStale),
    RaftProtocol: 3,
    RPCAdvertiseAddr: address('tcp', advertiseAddr, ports.server),
    RPCBindAddr: address('tcp', settings.bindAddr, ports.server),
    RPCHoldTimeout: formatDuration(cluster.rpcHoldTimeout),
    RPCMaxConnsPerClient: cluster.rpcMaxConnsPerClient,
    ReconnectTimeoutLAN: formatDuration(cluster.reconnectTimeout),
    ReconnectTimeoutWAN: formatDuration(cluster.reconnectTimeoutWan),
    RejoinAfterLeave: cluster.rejoinAfterLeave,
    RetryJoinIntervalLAN: formatDuration(cluster.retryInterval),
    RetryJoinIntervalWAN: formatDuration(cluster.retryIntervalWan),
    RetryJoinLAN: cluster.retryJoin,
    RetryJoinMaxAttemptsLAN: cluster.retryMax,
    RetryJoinMaxAttemptsWAN: cluster.retryMaxWan,
    RetryJoinWAN: cluster.retryJoinWan,
    SerfAdvertiseAddrLAN: address('tcp', advertiseAddr, ports.serfLan),
    SerfAdvertiseAddrWAN: ports.serfWan < 0 ? null : address('tcp', advertiseAddrWan, ports.serfWan),
    SerfAllowedCIDRsLAN: cluster.lanAllowedCidrs,
    SerfAllowedCIDRsWAN: cluster.wanAllowedCidrs,
    SerfBindAddrLAN: address('tcp', cluster.lanBind, ports.serfLan),
    SerfBindAddrWAN: ports.serfWan < 0 ? null : address('tcp', cluster.wanBind, ports.serfWan),
    SerfPortLAN: ports.serfLan,
    SerfPortWAN: ports.serfWan,
    ServerPort: ports.server,
    StartJoinAddrsLAN: cluster.startJoin,
    StartJoinAddrsWAN: cluster.startJoinWan,
    TaggedAddresses: { lan: advertiseAddr, wan: advertiseAddrWan, ...settings.taggedAddresses },
  }
}

/**
 * Where something listens, as Go writes addresses: `tcp://127.0.0.1:8500`, `unix:///path`; nothing where the port is
 * switched off.
 */
const listeners = (network: 'tcp' | 'udp', hosts: readonly string[], port: number): readonly string[] =>
  hosts
    .filter(host => port >= 0 || host.startsWith('unix://'))
    .map(host => (host.startsWith('unix://') ? host : address(network, host, port)))

const address = (network: 'tcp' | 'udp', host: string, port: number): string => `${network}://${hostPort(host, port)}`

const mapped = (durations: Readonly<Record<string, Duration>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(durations).map(([name, duration]) => [name, formatDuration(duration)]))
