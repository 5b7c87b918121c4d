import type { CoordinateUpdate } from '../catalog/index.js'
import { createCoordinates, type Coordinates, type Membership } from '../cluster/index.js'
import type { RoleParts } from './role.js'

/** This agent's place among the members; `send` brings a new one to where all are kept. Closed with the agent. */
export function openCoordinates(
  { settings, nodeId, calls, clock, random, log, opened }: RoleParts,
  membership: Membership,
  send: (update: CoordinateUpdate) => Promise<void>,
): Coordinates {
  const coordinates = createCoordinates({
    enabled: !settings.cluster.disableCoordinates,
    id: nodeId,
    node: settings.nodeName,
    members: () => membership.members(),
    server: calls.server,
    client: calls.client,
    send,
    clock,
    random,
    log: log.child('coordinates'),
  })
  opened.add('coordinates', () => {
    coordinates.close()
  })
  return coordinates
}
