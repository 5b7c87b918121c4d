import type { CommandEntry } from './command.js'

/** Every command, in the order that help shows them. */
export const commands: readonly CommandEntry[] = [
  { name: 'agent', summary: 'Run an agent', load: () => import('./commands/agent.js') },
  {
    name: 'validate',
    summary: 'Check configuration files; needs no agent',
    load: () => import('./commands/validate.js'),
  },
  { name: 'plan', summary: 'Show what a reload would change', load: () => import('./commands/plan.js') },
  {
    name: 'reload',
    summary: 'Read the configuration files again and wait for the outcome',
    load: () => import('./commands/reload.js'),
  },
  { name: 'ready', summary: 'Wait until the agent can answer', load: () => import('./commands/ready.js') },
  { name: 'members', summary: 'List the members of the cluster', load: () => import('./commands/members.js') },
  { name: 'info', summary: 'Show figures and state of the agent', load: () => import('./commands/info.js') },
  { name: 'join', summary: 'Join the cluster of other agents', load: () => import('./commands/join.js') },
  { name: 'rtt', summary: 'Estimate the round trip between two nodes', load: () => import('./commands/rtt.js') },
  { name: 'leave', summary: 'Deregister the agent and stop it', load: () => import('./commands/leave.js') },
  {
    name: 'force-leave',
    summary: 'Take a failed member out of the cluster',
    load: () => import('./commands/force-leave.js'),
  },
  {
    name: 'maint',
    summary: 'Take the node or a service out of answers, and back',
    load: () => import('./commands/maint.js'),
  },
  {
    name: 'services list',
    summary: 'List the services of the agent, with who declared them',
    isOfGroup: true,
    load: () => import('./commands/services-list.js'),
  },
  {
    name: 'services register',
    summary: 'Register a service through the API',
    load: () => import('./commands/services-register.js'),
  },
  {
    name: 'services deregister',
    summary: 'Deregister a service through the API',
    load: () => import('./commands/services-deregister.js'),
  },
  {
    name: 'checks',
    summary: 'List checks, the worst first: status, since when, and what they say',
    load: () => import('./commands/checks.js'),
  },
  {
    name: 'catalog datacenters',
    summary: 'List the known datacenters',
    load: () => import('./commands/catalog-datacenters.js'),
  },
  {
    name: 'catalog nodes',
    summary: 'List the nodes of the catalog',
    load: () => import('./commands/catalog-nodes.js'),
  },
  {
    name: 'catalog services',
    summary: 'List the services of the catalog',
    load: () => import('./commands/catalog-services.js'),
  },
  { name: 'kv get', summary: 'Show keys of the KV store', load: () => import('./commands/kv-get.js') },
  { name: 'kv put', summary: 'Write a key of the KV store', load: () => import('./commands/kv-put.js') },
  { name: 'kv delete', summary: 'Delete keys of the KV store', load: () => import('./commands/kv-delete.js') },
  { name: 'kv export', summary: 'Print keys of the KV store as JSON', load: () => import('./commands/kv-export.js') },
  { name: 'kv import', summary: 'Write keys that were exported', load: () => import('./commands/kv-import.js') },
  {
    name: 'watch',
    summary: 'Wait for a change and show it, or run a program on each',
    load: () => import('./commands/watch.js'),
  },
  { name: 'lock', summary: 'Run a program while holding a lock', load: () => import('./commands/lock.js') },
  { name: 'exec', summary: 'Run a command on the machines of other agents', load: () => import('./commands/exec.js') },
  {
    name: 'operator raft list-peers',
    summary: 'List the servers that keep the catalog',
    load: () => import('./commands/operator-raft-list-peers.js'),
  },
  {
    name: 'operator raft remove-peer',
    summary: 'Remove a server that will not come back',
    load: () => import('./commands/operator-raft-remove-peer.js'),
  },
  {
    name: 'operator raft transfer-leader',
    summary: 'Hand the lead to another server',
    load: () => import('./commands/operator-raft-transfer-leader.js'),
  },
  {
    name: 'operator usage instances',
    summary: 'Count nodes, services and their instances',
    load: () => import('./commands/operator-usage-instances.js'),
  },
  {
    name: 'operator autopilot get-config',
    summary: 'Show how servers are looked after',
    load: () => import('./commands/operator-autopilot-get-config.js'),
  },
  {
    name: 'operator autopilot set-config',
    summary: 'Change how servers are looked after',
    load: () => import('./commands/operator-autopilot-set-config.js'),
  },
  {
    name: 'operator autopilot state',
    summary: 'Show how the servers are',
    load: () => import('./commands/operator-autopilot-state.js'),
  },
  { name: 'keygen', summary: 'Make an encryption key', load: () => import('./commands/keygen.js') },
  { name: 'keyring', summary: 'Show and change encryption keys', load: () => import('./commands/keyring.js') },
  {
    name: 'snapshot save',
    summary: 'Save the state of the servers to a file',
    load: () => import('./commands/snapshot-save.js'),
  },
  {
    name: 'snapshot restore',
    summary: 'Make the state what a file holds',
    load: () => import('./commands/snapshot-restore.js'),
  },
  {
    name: 'snapshot inspect',
    summary: 'Show what a snapshot file holds',
    load: () => import('./commands/snapshot-inspect.js'),
  },
  { name: 'event', summary: 'Fire an event', load: () => import('./commands/event.js') },
  { name: 'monitor', summary: 'Follow the log of the agent', load: () => import('./commands/monitor.js') },
  { name: 'debug', summary: 'Gather facts about a running agent', load: () => import('./commands/debug.js') },
  { name: 'version', summary: 'Show the version', load: () => import('./commands/version.js') },
]
