import { nodeMaintenanceCheckId, serviceMaintenancePrefix } from '../common/health.js'

/** What both `/v1/health/state` and `/v1/agent/checks` say of a check. */
export interface ShownCheck {
  readonly Node: string
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Notes: string
  readonly Output: string
  readonly ServiceID: string
  readonly ServiceName: string
  /** Since when it has its status; left out where that is not known. */
  readonly StatusSince?: string
}

/** Whether a check stands for maintenance that somebody has begun. */
export const isMaintenance = ({ CheckID }: Pick<ShownCheck, 'CheckID'>): boolean =>
  CheckID === nodeMaintenanceCheckId || CheckID.startsWith(serviceMaintenancePrefix)

/** What a check says of itself: the reason of a maintenance, the output of any other. */
export const checkText = (check: Pick<ShownCheck, 'CheckID' | 'Notes' | 'Output'>): string =>
  isMaintenance(check) ? check.Notes : check.Output

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** How long ago a time was, in its two greatest units: `3d4h`, `12m5s`; '-' where it is not known. */
export function age(time: string | undefined, now: number): string {
  const seconds = time === undefined ? NaN : Math.max(0, Math.floor((now - Date.parse(time)) / 1000))
  if (Number.isNaN(seconds)) return '-'
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0s'
  const counts = units.map(([unit, size], i) => ({
    unit,
    count: Math.floor((i === 0 ? seconds : seconds % (units[i - 1]?.[1] ?? 1)) / size),
  }))
  return counts
    .slice(first, first + 2)
    .filter(({ count }, i) => i === 0 || count > 0)
    .map(({ unit, count }) => `${count}${unit}`)
    .join('')
}
