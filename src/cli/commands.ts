import type { CommandEntry } from './command.js'

/** Every command, in the order that help shows them. */
export const commands: readonly CommandEntry[] = [
  { name: 'agent', summary: 'Run an agent', load: () => import('./commands/agent.js') },
  { name: 'validate', summary: 'Check configuration files; needs no agent', load: () => import('./commands/validate.js') },
  { name: 'plan', summary: 'Show what a reload would change', load: () => import('./commands/plan.js') },
  { name: 'reload', summary: 'Read the configuration files again and wait for the outcome', load: () => import('./commands/reload.js') },
  { name: 'ready', summary: 'Wait until the agent can answer', load: () => import('./commands/ready.js') },
  { name: 'members', summary: 'List the members of the cluster', load: () => import('./commands/members.js') },
  { name: 'info', summary: 'Show figures and state of the agent', load: () => import('./commands/info.js') },
  { name: 'leave', summary: 'Deregister the agent and stop it', load: () => import('./commands/leave.js') },
  { name: 'maint', summary: 'Take the node or a service out of answers, and back', load: () => import('./commands/maint.js') },
  { name: 'services list', summary: 'List the services of the agent, with who declared them', load: () => import('./commands/services-list.js') },
  { name: 'services register', summary: 'Register a service through the API', load: () => import('./commands/services-register.js') },
  { name: 'services deregister', summary: 'Deregister a service through the API', load: () => import('./commands/services-deregister.js') },
  { name: 'catalog datacenters', summary: 'List the known datacenters', load: () => import('./commands/catalog-datacenters.js') },
  { name: 'catalog nodes', summary: 'List the nodes of the catalog', load: () => import('./commands/catalog-nodes.js') },
  { name: 'catalog services', summary: 'List the services of the catalog', load: () => import('./commands/catalog-services.js') },
  { name: 'kv get', summary: 'Show keys of the KV store', load: () => import('./commands/kv-get.js') },
  { name: 'kv put', summary: 'Write a key of the KV store', load: () => import('./commands/kv-put.js') },
  { name: 'kv delete', summary: 'Delete keys of the KV store', load: () => import('./commands/kv-delete.js') },
  { name: 'kv export', summary: 'Print keys of the KV store as JSON', load: () => import('./commands/kv-export.js') },
  { name: 'kv import', summary: 'Write keys that were exported', load: () => import('./commands/kv-import.js') },
  { name: 'monitor', summary: 'Follow the log of the agent', load: () => import('./commands/monitor.js') },
  { name: 'version', summary: 'Show the version', load: () => import('./commands/version.js') },
]
