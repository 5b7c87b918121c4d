import { isObject } from '../../common/plain-data.js'
import type { Content } from '../read/content.js'
import type { Contribution } from '../combine/contribution.js'
import type { Path } from '../read/keys.js'
import type { Origin } from '../types.js'

type Values = Readonly<Record<string, unknown>>

/**
 * What a changed HCL file is taken to say while it may still be written: the new content, and what the content that
 * runs has beside it. Entries and settings that both have are the new content's.
 */
export class HeldContent implements Content {
  readonly ok = true
  readonly blank = false
  readonly faulty: Content['faulty']
  readonly diagnostics: Content['diagnostics']
  readonly written: Content['written']
  readonly settings: Content['settings']
  readonly named: Content['named']
  readonly origins: Content['origins']

  /** How many contents from before are kept beside the new one. */
  readonly depth: number

  constructor(
    readonly now: Content,
    readonly before: Content,
  ) {
    this.depth = before instanceof HeldContent ? before.depth + 1 : 1
    this.faulty = now.faulty
    this.diagnostics = now.diagnostics
    this.written = now.written
    this.settings = before.settings === undefined ? now.settings : bothOf(now.settings ?? {}, before.settings)
    this.named = now.named
    this.origins = now.origins
  }

  get file(): string {
    return this.now.file
  }

  /** The text to come back to, which is the one from before until this is settled. */
  get text(): string {
    return this.before.text
  }

  place(path: Path, what?: 'key' | 'value'): Origin {
    return this.#holder(path).place(path, what)
  }
  name(path: Path): string {
    return this.#holder(path).name(path)
  }

  #holder(path: Path): Content {
    return valueAt(this.now.written, path) === undefined && valueAt(this.before.settings, path) !== undefined
      ? this.before
      : this.now
  }
}

/**
 * The entries of the new content, and those of the one before whose ids it does not have: other files may take these at
 * any time.
 */
export function heldContribution(content: HeldContent, now: Contribution, before: Contribution): Contribution {
  const services = new Set(now.services.map(({ claim }) => claim.id))
  const checks = new Set([
    ...now.checks.map(({ claim }) => claim.id),
    ...now.services.flatMap(service => service.checks.map(({ id }) => id)),
  ])
  const watches = new Set(now.entries.watches.map(({ written }) => JSON.stringify(written)))
  return {
    file: now.file,
    content,
    entries: {
      ...now.entries,
      watches: [
        ...now.entries.watches,
        ...before.entries.watches.filter(({ written }) => !watches.has(JSON.stringify(written))),
      ],
    },
    services: [
      ...now.services,
      ...before.services
        .filter(({ claim }) => !services.has(claim.id))
        .map(({ declared, claim, checks: inside }) => ({
          declared,
          claim: { ...claim, held: true },
          checks: inside.map(check => ({ ...check, held: true })),
        })),
    ],
    checks: [
      ...now.checks,
      ...before.checks
        .filter(({ claim }) => !checks.has(claim.id))
        .map(({ declared, claim }) => ({ declared, claim: { ...claim, held: true } })),
    ],
  }
}

/** Whether one content has entries or settings that another has not, and that would be taken away with it. */
export function takesAway(now: Contribution, before: Contribution): boolean {
  const ids = (list: Contribution['services'] | Contribution['checks']): ReadonlySet<string> =>
    new Set(list.map(({ claim }) => claim.id))
  const services = ids(now.services)
  const checks = ids(now.checks)
  const watches = new Set(now.entries.watches.map(({ written }) => JSON.stringify(written)))
  return (
    before.services.some(({ claim }) => !services.has(claim.id))
    || before.checks.some(({ claim }) => !checks.has(claim.id))
    || before.entries.watches.some(({ written }) => !watches.has(JSON.stringify(written)))
    || lacks(now.content.settings ?? {}, before.content.settings ?? {})
  )
}

function lacks(now: Values, before: Values): boolean {
  return Object.entries(before).some(([key, value]) => {
    const other = now[key]
    return other === undefined || (isObject(value) && isObject(other) && lacks(other, value))
  })
}

/** Two objects as one, the first winning, objects in them likewise. */
function bothOf(now: Values, before: Values): Values {
  const both: Record<string, unknown> = { ...before, ...now }
  for (const [key, value] of Object.entries(before)) {
    const other = now[key]
    if (isObject(value) && isObject(other)) both[key] = bothOf(other, value)
  }
  return both
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, step) =>
      Array.isArray(found) ? (found as unknown[])[Number(step)] : isObject(found) ? found[step] : undefined,
    value,
  )
}
