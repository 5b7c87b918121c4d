import { remotePerspective } from '../../catalog/index.js'
import type { Deps } from '../deps.js'
import { perspectiveOn } from '../rules/forwarding.js'
import type { ApiRequest } from '../route.js'
import type { Fragments } from '../views/fragments.js'

/** The JSON of this datacenter's entries, with the addresses for the request's client. */
export function fragmentsFor({ fragments, remoteFragments, settings }: Deps, request: ApiRequest): Fragments {
  const now = settings()
  return perspectiveOn(request, now.datacenter, now) === remotePerspective ? remoteFragments : fragments
}
