import { json } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { Route } from '../route.js'

/** `/v1/status/*`: who leads, who votes. Answered from membership, so also before the catalog is loaded. */
export const statusRoutes = ({ membership }: Deps): readonly Route[] => [
  { path: '/v1/status/leader', reach: 'handed-on', whileNotReady: true, GET: () => json(membership.leader()) },
  { path: '/v1/status/peers', reach: 'handed-on', whileNotReady: true, GET: () => json(membership.peers()) },
]
