import { milliseconds, minutes, seconds, hours } from '../../../src/common/duration.js'
import type { Settings } from '../../../src/config/index.js'

/** Settings of a server n1 in dc1 on a free loopback port, with parts of them replaced. */
export const settingsWith = (parts: Partial<Settings> = {}): Settings => ({
  datacenter: 'dc1', primaryDatacenter: 'dc1', nodeName: 'n1', nodeId: '', disableHostNodeId: true, nodeMeta: { rack: 'r1' }, taggedAddresses: {},
  dataDir: '', dev: false, server: true, engine: 'lmdb', lone: true, bootstrap: true, bootstrapExpect: 1, domain: 'consul', altDomain: '', bindAddr: '127.0.0.1',
  advertiseAddr: '127.0.0.1', advertiseAddrWan: '127.0.0.1', clientAddrs: ['127.0.0.1'],
  addresses: { dns: ['127.0.0.1'], http: ['127.0.0.1'], https: [] }, unixSockets: { user: '', group: '', mode: '' },
  ports: { dns: 0, http: 0, https: -1, server: 8300, serfLan: 8301, serfWan: 8302, grpc: -1 },
  dns: {
    allowStale: true, maxStale: hours(1), nodeTtl: milliseconds(0), serviceTtl: {}, onlyPassing: false, enableTruncate: undefined, udpAnswerLimit: 3, udpAnswerSize: 4096,
    aRecordLimit: 0, disableCompression: false, recursorTimeout: seconds(2), recursorStrategy: 'sequential', enableAdditionalNodeMetaTxt: true,
    soa: { refresh: 3600, retry: 600, expire: 86400, minTtl: undefined },
  },
  recursors: [],
  http: { blockEndpoints: [], allowWriteHttpFrom: [], responseHeaders: {}, maxHeaderBytes: 65536 },
  limits: { httpMaxConnsPerClient: 200, kvMaxValueSize: 524288, txnMaxReqLen: 524288 },
  defaultQueryTime: minutes(5), maxQueryTime: minutes(10), sessionTtlMin: seconds(10), checkUpdateInterval: minutes(5), checkOutputMaxSize: 4096,
  discardCheckOutput: false, enableScriptChecks: false, enableLocalScriptChecks: false, enableDebug: false, leaveOnTerminate: false, skipLeaveOnInterrupt: true,
  leaveDrainTime: seconds(5), translateWanAddrs: false,
  log: { level: 'info', json: false, file: '', rotateBytes: 0, rotateDuration: hours(24), rotateMaxFiles: 0, syslog: false, syslogFacility: 'LOCAL0' },
  telemetry: { metricsPrefix: 'consul', disableHostname: false },
  pidFile: '', ui: { enabled: false, contentPath: '/ui/' }, autoReloadConfig: true,
  cluster: {
    startJoin: [], startJoinWan: [], retryJoin: [], retryJoinWan: [], retryInterval: seconds(30), retryIntervalWan: seconds(30), retryMax: 0, retryMaxWan: 0,
    rejoinAfterLeave: false, reconnectTimeout: hours(72), reconnectTimeoutWan: hours(72), lanBind: '127.0.0.1', wanBind: '127.0.0.1', lanAllowedCidrs: [],
    wanAllowedCidrs: [], rpcHoldTimeout: seconds(7), raftMultiplier: 5, disableCoordinates: false, disableRemoteExec: true, discoveryMaxStale: milliseconds(0),
    rpcMaxConnsPerClient: 100,
    autopilot: {
      cleanupDeadServers: true, lastContactThreshold: milliseconds(200), maxTrailingLogs: 250, minQuorum: 0, serverStabilizationTime: seconds(10),
      redundancyZoneTag: '', disableUpgradeMigration: false, upgradeVersionTag: '',
    },
  },
  etcd: { endpoints: [], prefix: 'muster/', caFile: '', certFile: '', keyFile: '', user: '', password: '', program: 'etcd', quotaBytes: 4 * 1024 ** 3 },
  ...parts,
})
