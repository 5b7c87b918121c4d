import type { Check, Instance } from '../catalog/index.js'

/**
 * Whether an instance is given out: nothing of its own or of its node is critical; with `onlyPassing`, everything
 * passes.
 */
export const isHealthy = ({ checks }: Instance, onlyPassing: boolean): boolean =>
  checks.every(check => (onlyPassing ? check.status === 'passing' : check.status !== 'critical'))

/** The SRV weight of an instance: its warning weight while its worst check is warning. */
export function weightOf({ service, checks }: Instance): number {
  const weight = checks.some(isWarning) ? service.weights.warning : service.weights.passing
  return Math.min(0xffff, Math.max(0, Math.trunc(weight)))
}

const isWarning = (check: Check): boolean => check.status === 'warning'

/** Whether an instance carries a tag, compared in lower case; '' is carried by all. */
export const hasTag = ({ service }: Instance, tag: string): boolean =>
  tag === '' || service.tags.some(own => own.toLowerCase() === tag)
