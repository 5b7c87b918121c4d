import { coordinateFault, sameCoordinate, type Coordinate } from '../../common/coordinate.js'
import { MusterError } from '../../common/errors.js'
import type { Command } from '../api.js'
import { coordinateKey } from '../keys.js'
import { encodeCoordinate } from '../tables/coordinates.js'
import { drafted } from './draft.js'

/** A node's new coordinate. */
export interface CoordinateUpdate {
  readonly node: string
  readonly coordinate: Coordinate
}

/**
 * Writes coordinates of nodes that are there, and leaves out those that stand so already and those of nodes that nobody
 * knows. Of two for one node the last counts. The result is how many were written. Refused with COORDINATE_INVALID when
 * one of them is none.
 */
export const updateCoordinates =
  (updates: readonly CoordinateUpdate[]): Command<number> =>
  state =>
    drafted(draft => {
      for (const { node, coordinate } of new Map(updates.map(update => [update.node.toLowerCase(), update])).values()) {
        const fault = coordinateFault(coordinate)
        if (fault !== undefined) throw new MusterError('COORDINATE_INVALID', fault)
        const found = draft.nodeNamed(node)
        if (found === undefined) continue
        const standing = state.coordinates.get(found.node)
        if (standing !== undefined && sameCoordinate(standing.coordinate, coordinate)) continue
        draft.requireNode(found.node)
        draft.put(coordinateKey(found.node), encodeCoordinate(found.node, coordinate))
      }
      return draft.size
    })(state)
