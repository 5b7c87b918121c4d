import type { FlagSpec, ParsedFlags } from '../common/flags.js'

/**
 * A flag of `muster agent`. `key` is the setting that it gives. Flags of a list's elements go before the files, all
 * others after them; `pair` is one `key:value` of a map.
 */
export interface AgentFlag extends FlagSpec {
  readonly key?: string
  readonly shape?: 'list' | 'pair'
}

const text = (name: string, key: string, placeholder: string, help: string): AgentFlag => ({
  name,
  type: 'string',
  key,
  placeholder,
  help,
})
const whole = (name: string, key: string, help: string): AgentFlag => ({
  name,
  type: 'int',
  key,
  placeholder: 'N',
  help,
})
const yes = (name: string, key: string, help: string): AgentFlag => ({ name, type: 'bool', key, help })

const without = 'Accepted; without effect in this version'

const several = (name: string, key: string, placeholder: string, help: string): AgentFlag => ({
  name,
  type: 'string',
  repeatable: true,
  key,
  shape: 'list',
  placeholder,
  help,
})

/** Flags about other agents. */
const joining: readonly AgentFlag[] = [
  several(
    'join',
    'start_join',
    'ADDRESS',
    'Agent to join at the start, which fails when none can be joined. Repeatable',
  ),
  several('join-wan', 'start_join_wan', 'ADDRESS', 'The same, for servers of other datacenters. Repeatable'),
  several('retry-join', 'retry_join', 'ADDRESS', 'Agent to join, again and again until it works. Repeatable'),
  several('retry-join-wan', 'retry_join_wan', 'ADDRESS', 'The same, for servers of other datacenters. Repeatable'),
  text('retry-interval', 'retry_interval', 'DURATION', 'Pause between attempts to join. Default: 30s'),
  text('retry-interval-wan', 'retry_interval_wan', 'DURATION', 'The same, for other datacenters. Default: 30s'),
  whole('retry-max', 'retry_max', 'Attempts to join before the agent ends. Default: 0, without end'),
  whole('retry-max-wan', 'retry_max_wan', 'The same, for other datacenters. Default: 0'),
  yes('rejoin', 'rejoin_after_leave', 'Join known agents again although this one had left'),
  text('serf-lan-bind', 'serf_lan', 'ADDRESS', 'Address of the cluster port. Default: the one of -bind'),
  text('serf-wan-bind', 'serf_wan', 'ADDRESS', 'Address of the WAN port. Default: the one of -bind'),
  several(
    'serf-lan-allowed-cidrs',
    'serf_lan_allowed_cidrs',
    'CIDR',
    'Network that may talk to the cluster port. Repeatable',
  ),
  several(
    'serf-wan-allowed-cidrs',
    'serf_wan_allowed_cidrs',
    'CIDR',
    'Network that may talk to the WAN port. Repeatable',
  ),
]

/**
 * Flags that command lines of Consul carry and whose settings have no effect here: a warning says why, as it does for
 * the keys in files.
 */
const idle: readonly AgentFlag[] = [
  text('encrypt', 'encrypt', 'KEY', 'Refused among several agents: their traffic is not encrypted yet'),
  yes('disable-keyring-file', 'disable_keyring_file', without),
  whole('protocol', 'protocol', without),
  whole('raft-protocol', 'raft_protocol', without),
  text('segment', 'segment', 'NAME', without),
  { ...whole('grpc-port', 'ports.grpc', without), aliases: ['xds-port'] },
  several('primary-gateway', 'primary_gateways', 'ADDRESS', without),
  text('ui-dir', 'ui_config.dir', 'FOLDER', without),
]

/**
 * Every flag of `muster agent`. `-config-file` and `-config-dir` are one ordered list, either takes a file or a folder.
 */
export const agentFlags: readonly AgentFlag[] = [
  {
    name: 'config-dir',
    aliases: ['config-file'],
    type: 'string',
    repeatable: true,
    placeholder: 'PATH',
    help: 'File, or folder of .json, .json5 and .hcl files, to read. Repeatable',
  },
  {
    name: 'config-format',
    type: 'string',
    placeholder: 'json|hcl',
    help: 'Read every file as this, whatever its name ends in',
  },
  {
    name: 'hcl',
    type: 'string',
    repeatable: true,
    placeholder: 'TEXT',
    help: 'Settings in HCL that win over everything else. Repeatable',
  },
  { name: 'dev', type: 'bool', help: 'Keep everything in memory: for trying things out' },
  text('data-dir', 'data_dir', 'FOLDER', 'Folder for the state of the agent. Default: muster-data'),
  text('node', 'node_name', 'NAME', 'Name of this node. Default: the host name'),
  text('node-id', 'node_id', 'UUID', 'Stable id of this node. Default: made once and kept'),
  {
    name: 'node-meta',
    type: 'string',
    repeatable: true,
    key: 'node_meta',
    shape: 'pair',
    placeholder: 'KEY:VALUE',
    help: 'Meta data of this node. Repeatable',
  },
  {
    name: 'datacenter',
    aliases: ['dc'],
    type: 'string',
    key: 'datacenter',
    placeholder: 'NAME',
    help: 'Name of the datacenter. Default: dc1',
  },
  yes('server', 'server', 'Keep the catalog. An agent that joins no others does so without being told'),
  yes('bootstrap', 'bootstrap', 'Lead on its own'),
  whole('bootstrap-expect', 'bootstrap_expect', 'Servers to wait for before they form a cluster; 1 leads at once'),
  text(
    'bind',
    'bind_addr',
    'ADDRESS',
    'Address for other agents. Default: 0.0.0.0; 127.0.0.1 for a server that is alone',
  ),
  text('advertise', 'advertise_addr', 'ADDRESS', 'Address told to others. Default: the one of -bind'),
  text('advertise-wan', 'advertise_addr_wan', 'ADDRESS', 'Address told to other datacenters'),
  text('client', 'client_addr', 'ADDRESSES', 'Addresses for HTTP and DNS. Default: 127.0.0.1'),
  text('domain', 'domain', 'DOMAIN', 'Domain that is answered for. Default: consul.'),
  text('alt-domain', 'alt_domain', 'DOMAIN', 'Second domain that is answered for'),
  whole('http-port', 'ports.http', 'Port of the HTTP API. Default: 8500'),
  whole('https-port', 'ports.https', 'Accepted; HTTPS is not served by this version'),
  whole('dns-port', 'ports.dns', 'Port of DNS, UDP and TCP. Default: 8600'),
  whole('server-port', 'ports.server', 'Raft port, for other servers. Default: 8300'),
  whole('serf-lan-port', 'ports.serf_lan', 'Cluster port, for other agents. Default: 8301'),
  whole('serf-wan-port', 'ports.serf_wan', 'WAN port, for servers of other datacenters. Default: 8302'),
  {
    name: 'recursor',
    type: 'string',
    repeatable: true,
    key: 'recursors',
    shape: 'list',
    placeholder: 'ADDRESS',
    help: 'DNS server for all other names. Repeatable',
  },
  {
    name: 'allow-write-http-from',
    type: 'string',
    repeatable: true,
    key: 'http_config.allow_write_http_from',
    shape: 'list',
    placeholder: 'CIDR',
    help: 'Network that may write over HTTP. Repeatable',
  },
  yes('ui', 'ui_config.enabled', 'Serve the web page'),
  text('ui-content-path', 'ui_config.content_path', 'PATH', 'Path of the web page. Default: /ui/'),
  yes('enable-script-checks', 'enable_script_checks', 'Allow script checks from files and the HTTP API'),
  yes('enable-local-script-checks', 'enable_local_script_checks', 'Allow script checks from files only'),
  yes('auto-reload-config', 'auto_reload_config', 'Apply changed files at once. Default: true'),
  text('default-query-time', 'default_query_time', 'DURATION', 'How long a blocking query waits. Default: 300s'),
  text('max-query-time', 'max_query_time', 'DURATION', 'How long a blocking query may wait. Default: 600s'),
  whole('check_output_max_size', 'check_output_max_size', "Most bytes kept of a check's output. Default: 4096"),
  yes('disable-host-node-id', 'disable_host_node_id', "False derives the node's id from the host"),
  text('log-level', 'log_level', 'LEVEL', 'TRACE, DEBUG, INFO, WARN or ERR. Default: INFO'),
  yes('log-json', 'log_json', 'Log lines of JSON'),
  text('log-file', 'log_file', 'FILE', 'File to log to as well'),
  whole('log-rotate-bytes', 'log_rotate_bytes', 'Size at which a new log file is begun'),
  text('log-rotate-duration', 'log_rotate_duration', 'DURATION', 'Age at which a new log file is begun. Default: 24h'),
  whole('log-rotate-max-files', 'log_rotate_max_files', 'Old log files to keep; 0 keeps all'),
  yes('syslog', 'enable_syslog', 'Log to syslog as well'),
  text('pid-file', 'pid_file', 'FILE', 'File that holds the process id'),
  ...joining,
  ...idle,
]

/** The files and folders named on the command line, in order. */
export const configPaths = (flags: ParsedFlags): readonly string[] => flags.values.get('config-dir') ?? []
