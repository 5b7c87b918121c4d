import type { NodeCoordinate } from '../../catalog/index.js'
import type { Coordinate } from '../../common/coordinate.js'

/** A coordinate as the API shows it. */
export const coordinateView = ({ vec, error, adjustment, height }: Coordinate) => ({
  Vec: vec,
  Error: error,
  Adjustment: adjustment,
  Height: height,
})

/** A node with its coordinate. */
export const nodeCoordinateView = ({ node, coordinate }: NodeCoordinate) => ({
  Node: node,
  Segment: '',
  Coord: coordinateView(coordinate),
})
