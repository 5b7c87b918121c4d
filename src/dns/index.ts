export { createDnsServer } from './server.js'
export type { DnsAddress, DnsServer, DnsServerDeps } from './server.js'
export type { Freshness } from './responder.js'
export type { DnsAccess, DnsViews, PreparedQueries, QueryClient, ResolvedQuery } from './gathering.js'
