import { updateCoordinates, type NodeCoordinate } from '../../catalog/index.js'
import { startCoordinate } from '../../common/coordinate.js'
import { empty, json, type Answer } from '../answer/answer.js'
import { readCoordinateUpdate } from '../request/coordinate-body.js'
import type { Deps } from '../deps.js'
import { builtJson } from '../reads/reads.js'
import type { ApiRequest, Route } from '../route.js'
import { required } from '../reads/selection.js'
import { coordinateView, nodeCoordinateView } from '../views/coordinate-views.js'

/** A name and nine numbers. */
const bodyLimit = (): number => 16 * 1024

/** `/v1/coordinate/*`: where nodes and servers are in the space of round trips. */
export const coordinateRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/coordinate/datacenters', reach: 'handed-on', GET: () => json(datacenters(deps)) },
  { path: '/v1/coordinate/nodes', reach: 'handed-on', GET: request => nodes(deps, request) },
  { path: '/v1/coordinate/node/*', reach: 'handed-on', GET: request => node(deps, request) },
  { path: '/v1/coordinate/update', reach: 'handed-on', PUT: request => update(deps, request), bodyLimit },
]

function nodes({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  return reads.answer(request, {
    topic: catalog.coordinates.topics.all(),
    shapedBy: ['segment'],
    build: () => builtJson(JSON.stringify(inSegment(catalog.coordinates.all(), request).map(nodeCoordinateView))),
  })
}

function node({ catalog, reads }: Deps, request: ApiRequest): Promise<Answer> {
  const name = required(request.rest, 'Missing node name')
  return reads.answer(request, {
    topic: catalog.coordinates.topics.one(name),
    shapedBy: ['segment'],
    build: () => {
      const found = catalog.coordinates.get(name)
      const shown = inSegment(found === undefined ? [] : [found], request)
      return shown.length === 0
        ? { status: 404, type: '', bytes: Buffer.alloc(0) }
        : builtJson(JSON.stringify(shown.map(nodeCoordinateView)))
    },
  })
}

/** There are no network segments: of any that has a name nothing is known. */
const inSegment = (list: readonly NodeCoordinate[], { query }: ApiRequest): readonly NodeCoordinate[] =>
  query.first('segment') === '' ? list : []

async function update({ catalog }: Deps, { body }: ApiRequest): Promise<Answer> {
  await catalog.execute(updateCoordinates([readCoordinateUpdate(body)]))
  return empty()
}

/**
 * Servers by datacenter, the nearest first, with their places as measured between servers; a lone server is where all
 * begin.
 */
function datacenters({ places, membership }: Deps) {
  const known =
    places?.ofDatacenters()
    ?? membership.datacenters().map(datacenter => ({
      datacenter,
      servers: membership
        .wanMembers()
        .filter(({ tags }) => tags.dc === datacenter)
        .map(({ name }) => ({
          node: name.endsWith(`.${datacenter}`) ? name.slice(0, -datacenter.length - 1) : name,
          coordinate: startCoordinate,
        })),
    }))
  return known.map(({ datacenter, servers }) => ({
    Datacenter: datacenter,
    AreaID: 'wan',
    Coordinates: servers.map(({ node: name, coordinate }) => ({
      Node: name,
      Segment: '',
      Coord: coordinateView(coordinate),
    })),
  }))
}
