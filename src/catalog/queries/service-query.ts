import { isObject } from '../../common/plain-data.js'
import { list, number, text, texts } from '../fields.js'
import type { ServiceQuery } from './types.js'

/** What a prepared query looks for, from a value of the store or of another datacenter. */
export function readServiceQuery(value: unknown): ServiceQuery {
  const service = isObject(value) ? value : {}
  const failover = isObject(service.failover) ? service.failover : {}
  return {
    service: text(service.service),
    failover: { nearestN: number(failover.nearestN, 0), datacenters: listOrNull(failover.datacenters) },
    onlyPassing: service.onlyPassing === true,
    ignoreCheckIds: listOrNull(service.ignoreCheckIds),
    near: text(service.near),
    tags: listOrNull(service.tags),
    nodeMeta: texts(service.nodeMeta),
    serviceMeta: texts(service.serviceMeta),
    connect: service.connect === true,
  }
}

const listOrNull = (value: unknown): readonly string[] | null => (Array.isArray(value) ? list(value) : null)
