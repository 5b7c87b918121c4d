import type { AutopilotConfiguration } from '../common/autopilot.js'
import type { Duration } from '../common/duration.js'

/**
 * The agent's own settings as it runs on them: complete, resolved from defaults, files and flags, and frozen.
 * Keys are the config file's in camelCase; `docs` for each stand in schemas/agent.schema.json.
 */
export interface Settings {
  readonly datacenter: string
  readonly primaryDatacenter: string
  readonly nodeName: string
  /** '' : take the one in data-dir, or make one. */
  readonly nodeId: string
  readonly disableHostNodeId: boolean
  readonly nodeMeta: Readonly<Record<string, string>>
  /** Only those that the user wrote; lan, wan and their _ipv4/_ipv6 forms are filled in by the agent. */
  readonly taggedAddresses: Readonly<Record<string, string>>
  /** '' only with -dev. */
  readonly dataDir: string
  readonly dev: boolean
  readonly server: boolean
  /**
   * The engine of the catalog's store. `none` on a client agent, which asks servers. `etcd`: this server runs an etcd
   * member of its own, or waits to become one; `external`: an etcd that someone else runs.
   */
  readonly engine: 'memory' | 'lmdb' | 'etcd' | 'external' | 'none'
  /**
   * Nothing was written about servers or joining: a lone server, which becomes a client agent when it is told to join
   * others.
   */
  readonly lone: boolean
  readonly bootstrap: boolean
  readonly bootstrapExpect: number
  readonly domain: string
  /** '' : none. Domains are lower-case and without a dot at the end. */
  readonly altDomain: string
  readonly bindAddr: string
  /** Never a wildcard. */
  readonly advertiseAddr: string
  readonly advertiseAddrWan: string
  readonly clientAddrs: readonly string[]
  /** Where each listener binds; an entry of http may be `unix:///path`. */
  readonly addresses: {
    readonly dns: readonly string[]
    readonly http: readonly string[]
    readonly https: readonly string[]
  }
  readonly unixSockets: { readonly user: string; readonly group: string; readonly mode: string }
  /** 0 asks the system for a free port; -1 switches the listener off. */
  readonly ports: {
    readonly dns: number
    readonly http: number
    readonly https: number
    readonly server: number
    readonly serfLan: number
    readonly serfWan: number
    readonly grpc: number
  }
  readonly dns: {
    readonly allowStale: boolean
    readonly maxStale: Duration
    readonly nodeTtl: Duration
    /** By exact name, `prefix*` or `*`. */
    readonly serviceTtl: Readonly<Record<string, Duration>>
    readonly onlyPassing: boolean
    /** Not given: where something did not fit, see DNS's rules for cutting. */
    readonly enableTruncate: boolean | undefined
    readonly udpAnswerLimit: number
    /** Bytes, 512 to 65535. */
    readonly udpAnswerSize: number
    readonly aRecordLimit: number
    readonly disableCompression: boolean
    readonly recursorTimeout: Duration
    readonly recursorStrategy: 'sequential' | 'random'
    readonly enableAdditionalNodeMetaTxt: boolean
    /** Seconds. `minTtl` is undefined until someone sets it: then the answer depends on the client, see dns. */
    readonly soa: {
      readonly refresh: number
      readonly retry: number
      readonly expire: number
      readonly minTtl: number | undefined
    }
  }
  /** `ip:port`, IPv6 in brackets. */
  readonly recursors: readonly string[]
  readonly http: {
    readonly blockEndpoints: readonly string[]
    /** CIDRs; empty: all. */
    readonly allowWriteHttpFrom: readonly string[]
    readonly responseHeaders: Readonly<Record<string, string>>
    readonly maxHeaderBytes: number
  }
  readonly limits: {
    readonly httpMaxConnsPerClient: number
    readonly kvMaxValueSize: number
    readonly txnMaxReqLen: number
  }
  readonly defaultQueryTime: Duration
  readonly maxQueryTime: Duration
  readonly sessionTtlMin: Duration
  readonly checkUpdateInterval: Duration
  readonly checkOutputMaxSize: number
  readonly discardCheckOutput: boolean
  readonly enableScriptChecks: boolean
  readonly enableLocalScriptChecks: boolean
  readonly enableDebug: boolean
  readonly leaveOnTerminate: boolean
  readonly skipLeaveOnInterrupt: boolean
  readonly leaveDrainTime: Duration
  readonly translateWanAddrs: boolean
  readonly log: {
    readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error'
    readonly json: boolean
    /** '' : none. */
    readonly file: string
    readonly rotateBytes: number
    readonly rotateDuration: Duration
    readonly rotateMaxFiles: number
    readonly syslog: boolean
    readonly syslogFacility: string
  }
  readonly telemetry: { readonly metricsPrefix: string; readonly disableHostname: boolean }
  readonly pidFile: string
  readonly ui: { readonly enabled: boolean; readonly contentPath: string }
  readonly autoReloadConfig: boolean
  readonly cluster: {
    readonly startJoin: readonly string[]
    readonly startJoinWan: readonly string[]
    readonly retryJoin: readonly string[]
    readonly retryJoinWan: readonly string[]
    readonly retryInterval: Duration
    readonly retryIntervalWan: Duration
    /** 0: without end. */
    readonly retryMax: number
    readonly retryMaxWan: number
    readonly rejoinAfterLeave: boolean
    /** How long a failed member stays listed. */
    readonly reconnectTimeout: Duration
    readonly reconnectTimeoutWan: Duration
    /** Where the cluster port and the WAN port bind. */
    readonly lanBind: string
    readonly wanBind: string
    /** CIDRs that may talk to the cluster port and the WAN port; empty: all. */
    readonly lanAllowedCidrs: readonly string[]
    readonly wanAllowedCidrs: readonly string[]
    /** How long requests wait for a leader. */
    readonly rpcHoldTimeout: Duration
    /** 1 to 10: scales Raft's heartbeat and election times; 5 is Consul's default. */
    readonly raftMultiplier: number
    readonly disableCoordinates: boolean
    readonly disableRemoteExec: boolean
    /**
     * Above 0: catalog and health reads without a consistency mode are answered as `stale` while the state is no older.
     */
    readonly discoveryMaxStale: Duration
    readonly rpcMaxConnsPerClient: number
    /** First configuration of autopilot, kept in the store from then on. */
    readonly autopilot: AutopilotConfiguration
  }
  /** How to reach an etcd, own or external. Files are paths. */
  readonly etcd: {
    /** `http(s)://host:port`; empty unless `engine` is `external`. */
    readonly endpoints: readonly string[]
    /** Stands before every key and keeps several clusters apart. */
    readonly prefix: string
    readonly caFile: string
    readonly certFile: string
    readonly keyFile: string
    readonly user: string
    readonly password: string
    /** The program that a server runs as its etcd; a bare name is looked up on PATH. */
    readonly program: string
    /** Space quota of the own etcd in bytes. */
    readonly quotaBytes: number
  }
}

/** Whether the catalog is kept in the agent's own process alone, so that it is there as soon as the agent is. */
export const isAlone = ({ engine }: Pick<Settings, 'engine'>): boolean => engine === 'memory' || engine === 'lmdb'
