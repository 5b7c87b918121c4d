import { MusterError } from '../../common/errors.js'

/** A refusal of something about access rules, with the status that Consul gives nearly all of them: 500. */
export const invalidAcl = (message: string): MusterError => new MusterError('ACL_INVALID', message)

/** The missing object, in Consul's words. */
export const aclNotFound = (): MusterError => new MusterError('ACL_NOT_FOUND', 'ACL not found', { status: 403 })

/** A refusal for want of rights; `why` where Consul says more. */
export const permissionDenied = (why = ''): MusterError =>
  new MusterError('ACL_DENIED', `Permission denied${why === '' ? '' : `: ${why}`}`, { status: 403 })

const nameForm = /^[A-Za-z0-9_-]+$/

/** Longest names in characters. */
const maxNameLength = { 'Policy': 128, 'Role': 256, 'Auth Method': 128 } as const
/** Longest description in characters: what a person reads. */
const maxDescriptionLength = 8192

/** Whether something may have this name. */
export const isAclName = (what: keyof typeof maxNameLength, name: string): boolean =>
  name.length <= maxNameLength[what] && nameForm.test(name)

/** @throws MusterError ACL_INVALID when a policy, role or auth method may not have this name or description. */
export function assertNamed(what: keyof typeof maxNameLength, name: string, description: string): void {
  if (name === '') throw invalidAcl(`Invalid ${what}: no Name is set`)
  if (!isAclName(what, name))
    throw invalidAcl(`Invalid ${what}: invalid Name. Only alphanumeric characters, '-' and '_' are allowed`)
  assertDescription(what, description)
}

/** @throws MusterError ACL_INVALID when a description is too long. */
export function assertDescription(what: string, description: string): void {
  if (description.length > maxDescriptionLength)
    throw invalidAcl(
      `Invalid ${what}: the Description has ${description.length} characters, at most ${maxDescriptionLength} are allowed`,
    )
}

const rootNames: ReadonlySet<string> = new Set(['allow', 'deny', 'manage'])

/** Whether this is one of the names that stood for whole policies in the first ACL system: it cannot be a secret. */
export const isRootName = (secret: string): boolean => rootNames.has(secret)
