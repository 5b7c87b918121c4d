import type { CoordinateUpdate } from '../../catalog/index.js'
import { decodeBody, list, object, openObject, string, type Reader } from './decode.js'
import { decodeFailed } from './json-body.js'
import { MusterError } from '../../common/errors.js'

const number: Reader<number> = (value, where) => {
  if (typeof value !== 'number') throw decodeFailed(`${where}: expected a number`)
  return value
}

const coordinate = object({ Vec: list(number), Error: number, Adjustment: number, Height: number })

const update = openObject({ Node: string, Segment: string, Coord: coordinate })

/** The body of `PUT /v1/coordinate/update`. @throws MusterError 400 */
export function readCoordinateUpdate(body: Buffer): CoordinateUpdate {
  const { Node: node = '', Segment: segment = '', Coord: given } = decodeBody(body, update)
  if (node === '') throw new MusterError('COORDINATE_INVALID', 'Must provide a node name', { status: 400 })
  if (segment !== '')
    throw new MusterError('COORDINATE_INVALID', `segment "${segment}" not found: there are no network segments`, {
      status: 400,
    })
  if (given === undefined) throw new MusterError('COORDINATE_INVALID', 'Must provide a coordinate', { status: 400 })
  return {
    node,
    coordinate: {
      vec: given.Vec ?? [],
      error: given.Error ?? 0,
      adjustment: given.Adjustment ?? 0,
      height: given.Height ?? 0,
    },
  }
}
