/** The three states of a check, best first. `critical` takes a service out of DNS and `?passing`. */
export type CheckStatus = 'passing' | 'warning' | 'critical'

/** Whether a text is one of the three check states. */
export const isCheckStatus = (text: string): text is CheckStatus =>
  text === 'passing' || text === 'warning' || text === 'critical'

/** Check id of the liveness check that the cluster keeps for each member; agents never register or remove it. */
export const serfHealthCheckId = 'serfHealth'
/** Check id of a node's maintenance mark. */
export const nodeMaintenanceCheckId = '_node_maintenance'
/** Prefix of the check id of a service's maintenance mark; the service id follows. */
export const serviceMaintenancePrefix = '_service_maintenance:'
