import { nodeMaintenanceCheckId, serviceMaintenancePrefix } from '../common/health.js'
import type { LocalCheck, LocalService } from './api.js'

/** The check type that sets maintenance marks apart from checks that run. */
export const maintenanceType = 'maintenance'

/** Check id of the maintenance mark of a service, or of the node when `serviceId` is undefined. */
export const maintenanceCheckId = (serviceId: string | undefined): string =>
  serviceId === undefined ? nodeMaintenanceCheckId : `${serviceMaintenancePrefix}${serviceId}`

/** The check that takes a service, or the whole node, out of DNS and `?passing`. Names and texts are Consul's. */
export function maintenanceMark(service: LocalService | undefined, reason: string, since: number): LocalCheck {
  const subject = service === undefined ? 'node' : 'service'
  return {
    id: maintenanceCheckId(service?.definition.id),
    name: service === undefined ? 'Node Maintenance Mode' : 'Service Maintenance Mode',
    status: 'critical',
    notes:
      reason === ''
        ? `Maintenance mode is enabled for this ${subject}, but no reason was provided. This is a default message.`
        : reason,
    output: '',
    serviceId: service?.definition.id ?? '',
    serviceName: service?.definition.name ?? '',
    serviceTags: service?.definition.tags ?? [],
    type: maintenanceType,
    definition: undefined,
    origin: { by: 'api' },
    since,
  }
}
