import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ErrorObject } from 'ajv'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { nodeAt } from '../../src/config/read/keys.js'
import { configKeys } from '../../src/generated/keys.js'
import type { KeyNode } from '../../src/generated/keys.js'
import { validateConfig } from '../../src/generated/validators.js'

interface Schema {
  readonly '$id'?: string
  readonly 'description'?: string
  readonly 'default'?: unknown
  readonly '$ref'?: string
  readonly 'properties'?: Readonly<Record<string, Schema>>
  readonly 'additionalProperties'?: boolean | Schema
  readonly 'x-alias-of'?: string
  readonly 'x-effect'?: string
  readonly 'x-reload'?: string
  readonly 'deprecated'?: boolean
  readonly 'x-deprecated'?: string
}

const files = fs.readdirSync('schemas').sort()
const schemas = Object.fromEntries(
  files.map(file => [file, JSON.parse(fs.readFileSync(`schemas/${file}`, 'utf8')) as Schema]),
)

/** Every property of a schema with its dotted path, nested ones included. */
function properties(schema: Schema, path: string): [string, Schema, Schema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const here = path === '' ? key : `${path}.${key}`
    return [[here, property, schema] as [string, Schema, Schema], ...properties(property, here)]
  })
}

t.same(files, ['agent.schema.json', 'check.schema.json', 'service.schema.json', 'watch.schema.json'])

t.test('the schema of a check is what the kinds of checks say', async t => {
  const { checkSchemaText } = (await import(pathToFileURL(path.resolve('tools/generate.mjs')).href)) as {
    checkSchemaText: () => Promise<string>
  }
  const text = fs.readFileSync('schemas/check.schema.json', 'utf8')
  t.equal(text, await checkSchemaText(), 'it is out of date: run "node tools/generate.mjs"')
})

for (const [file, schema] of Object.entries(schemas)) {
  const all = properties(schema, '')
  t.test(`${file}: every key is described, every object is closed`, t => {
    t.equal(schema.$id, file, 'found by editors through a relative path')
    for (const [key, property] of all) {
      t.ok((property.description ?? '').length > 5, `${key} has a description`)
      if (property.properties !== undefined) t.equal(property.additionalProperties, false, `${key} names all its keys`)
      t.equal(
        property.deprecated === true,
        property['x-deprecated'] !== undefined,
        `${key}: deprecated keys say what to use`,
      )
    }
    t.equal(schema.additionalProperties, false)
    t.end()
  })
  t.test(`${file}: aliases lead to keys`, t => {
    const paths = new Set(all.map(([key]) => key))
    for (const [key, property] of all) {
      const target = property['x-alias-of']
      if (target !== undefined) t.ok(paths.has(target), `${key} -> ${target}`)
    }
    t.end()
  })
}

t.test('every setting says whether a reload applies it', t => {
  for (const [key, property] of properties(schemas['agent.schema.json'] ?? {}, '')) {
    if (property.properties !== undefined || property.$ref !== undefined || property['x-alias-of'] !== undefined)
      continue
    if (['$schema', 'services', 'checks', 'watches'].includes(key)) continue
    t.match(property['x-reload'], /^(live|restart)$/, key)
  }
  t.end()
})

t.test('the schemas are schemas, and every default is what its key allows', t => {
  const ajv = new Ajv2020({ strict: false })
  for (const [file, schema] of Object.entries(schemas)) ajv.addSchema(schema, file)
  for (const [file, schema] of Object.entries(schemas)) {
    t.ok(ajv.validateSchema(schema), file)
    const validate = ajv.getSchema(file)
    for (const [key, property] of properties(schema, '')) {
      if (property.default === undefined) continue
      const value = key
        .replace('compat_1.9', 'compat_1/9')
        .split('.')
        .map(step => step.replace('/', '.'))
        .reduceRight<unknown>((inner, step) => ({ [step]: inner }), property.default)
      void validate?.(value)
      const errors = (validate?.errors ?? []).filter((error: ErrorObject) => error.keyword !== 'required')
      t.same(errors, [], `${file} ${key}`)
    }
  }
  t.end()
})

t.test('the generated validator and key table know the same keys as the schemas', t => {
  const known = (node: KeyNode, path: string): string[] =>
    Object.entries(node.keys ?? {}).flatMap(([key, child]) => [`${path}${key}`, ...known(child, `${path}${key}.`)])
  const table = new Set(known(configKeys, ''))
  for (const [key] of properties(schemas['agent.schema.json'] ?? {}, '')) t.ok(table.has(key), key)
  t.notOk(validateConfig({ nonsense: 1 }))
  t.ok(validateConfig({ service: { name: 'web', check: { ttl: '5s' } } }))
  t.end()
})

t.test('what Consul 1.11 to 1.21 added is known', t => {
  const keys = `addresses.grpc_tls ports.grpc_tls raft_logstore raft_boltdb raft_prevote_disabled locality experiments default_intention_policy peering xds cloud reporting
    telemetry.enable_host_metrics telemetry.disable_per_tenancy_usage_metrics telemetry.retry_failed_connection dns_config.prefer_namespace acl.tokens.dns
    acl.tokens.config_file_service_registration acl.tokens.initial_management acl.tokens.agent_recovery limits.request_limits limits.rpc_client_timeout
    performance.grpc_keepalive_interval performance.grpc_keepalive_timeout server_rejoin_age_max auto_reload_config tls.defaults tls.https tls.grpc tls.internal_rpc
    ui_config.hcp_enabled check.namespace check.partition check.os_service check.tcp_use_tls check.disable_redirects service.locality service.socket_path`
  for (const key of keys.split(/\s+/)) t.not(nodeAt(key.split('.')), undefined, key)
  t.end()
})

t.test('what the reference of Consul 1.10 names is known', t => {
  const keys = `datacenter primary_datacenter data_dir node_name node_id disable_host_node_id node_meta tagged_addresses pid_file enable_debug
    disable_update_check disable_anonymous_signature disable_remote_exec disable_coordinates disable_http_unprintable_char_filter discard_check_output
    check_update_interval check_output_max_size enable_script_checks enable_local_script_checks session_ttl_min default_query_time max_query_time
    discovery_max_stale enable_central_service_config auto_reload_config license_path read_replica non_voting_server segment segments partition audit
    server bootstrap bootstrap_expect start_join start_join_wan retry_join retry_join_wan retry_interval retry_interval_wan retry_max retry_max_wan
    rejoin_after_leave leave_on_terminate skip_leave_on_interrupt reconnect_timeout reconnect_timeout_wan advertise_reconnect_timeout
    server_rejoin_age_max protocol raft_protocol raft_snapshot_threshold raft_snapshot_interval raft_trailing_logs serf_lan_allowed_cidrs
    serf_wan_allowed_cidrs gossip_lan gossip_wan translate_wan_addrs bind_addr client_addr advertise_addr advertise_addr_wan advertise_addr_ipv4
    advertise_addr_ipv6 advertise_addr_wan_ipv4 advertise_addr_wan_ipv6 serf_lan serf_wan addresses unix_sockets ports http_config limits performance
    cache use_streaming_backend rpc domain alt_domain recursors dns_config acl encrypt encrypt_verify_incoming encrypt_verify_outgoing
    disable_keyring_file ca_file ca_path cert_file key_file verify_incoming verify_incoming_rpc verify_incoming_https verify_outgoing
    verify_server_hostname server_name tls_min_version tls_cipher_suites tls_prefer_server_cipher_suites enable_agent_tls_for_checks auto_encrypt
    auto_config tls telemetry log_level log_json log_file log_rotate_duration log_rotate_bytes log_rotate_max_files enable_syslog syslog_facility
    ui_config autopilot config_entries snapshot_agent acl_datacenter acl_default_policy acl_down_policy acl_enable_key_list_policy acl_ttl
    acl_master_token acl_agent_master_token acl_agent_token acl_token acl_replication_token enable_acl_replication acl_enforce_version_8 ui ui_dir
    ui_content_path recursor http_api_response_headers statsd_addr statsite_addr statsite_prefix service services check checks watches connect`
  for (const key of keys.split(/\s+/)) t.ok(Object.hasOwn(configKeys.keys ?? {}, key), key)
  t.end()
})
