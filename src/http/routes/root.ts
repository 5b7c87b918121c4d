import { text } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { Route } from '../route.js'

/** `/`: the words by which tools know what answers here. */
export const rootRoutes = (_deps: Deps): readonly Route[] => [
  { path: '/', reach: 'local', whileNotReady: true, GET: () => text('Consul Agent') },
]
