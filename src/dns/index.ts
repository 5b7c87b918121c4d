export { createDnsServer } from './server.js'
export type { DnsServer, DnsServerDeps } from './server.js'
export type { DnsViews } from './gathering.js'
