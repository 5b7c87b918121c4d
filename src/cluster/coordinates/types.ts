import type { Coordinate } from '../../common/coordinate.js'

/** The servers of a datacenter, in the space of round trips between servers. */
export interface DatacenterCoordinates {
  readonly datacenter: string
  readonly servers: readonly { readonly node: string; readonly coordinate: Coordinate }[]
}

/** Where agents are in the space of round trips, for the API. */
export interface ServerCoordinates {
  /** This agent's place among the agents of its datacenter; undefined when coordinates are off. */
  readonly own: Coordinate | undefined
  /** The servers of all datacenters, the nearest datacenter first. */
  ofDatacenters(): readonly DatacenterCoordinates[]
}
