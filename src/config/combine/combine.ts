import { nearest } from '../../common/nearest.js'
import { hiddenFindings, maxShown } from '../read/capped.js'
import type { Claim, Contribution } from './contribution.js'
import { quote } from '../read/finding.js'
import type { Declared, DeclaredCheck, DeclaredService, DeclaredWatch, Diagnostic } from '../types.js'

/** What declarations are judged by besides each other. */
export interface Rules {
  readonly scriptsAllowed: boolean
  /**
   * There are other files, which may declare the services and allow the scripts that are missed here: then that is a
   * warning.
   */
  readonly partial?: boolean
  /** Service ids that exist without being declared in a file. */
  readonly known: () => ReadonlySet<string>
  /** Which of two files that declare one id had it first, if that is known. */
  readonly owner: (kind: 'service' | 'check', id: string, files: readonly [string, string]) => string | undefined
}

/** Something about a file that is wrong only beside the others. */
export interface Fault {
  readonly contribution: Contribution
  readonly kind: 'duplicate' | 'unknown-service' | 'scripts'
  readonly diagnostic: Diagnostic
}

/** Everything declared, by id. */
export interface Combined {
  readonly declared: Declared
  readonly faults: readonly Fault[]
  /** Which file a check comes from, those of services included. */
  readonly checkFile: (id: string) => string | undefined
}

/**
 * Brings all files' declarations together. Of two entries with one id only the owner's goes in, and no check of a
 * service that nobody knows. Scripts that are not allowed are named, and left to the caller.
 */
export function combine(contributions: readonly Contribution[], rules: Rules): Combined {
  const combiner = new Combiner(rules)
  for (const contribution of contributions) combiner.addServices(contribution)
  for (const contribution of contributions) combiner.addChecks(contribution)
  const { services, checks, watches, checkClaims } = combiner
  const faults = combiner.faults()
  return { declared: { services, checks, watches }, faults, checkFile: fileOf(checkClaims) }
}

/** Holds on to nothing but names: it is asked long after the contents have changed. */
function fileOf(claims: ReadonlyMap<string, Claim>): Combined['checkFile'] {
  const files = new Map<string, string>()
  for (const [id, claim] of claims) files.set(id, claim.contribution.file)
  return id => files.get(id)
}

/** How many names are compared for suggestions in all: comparing thousands with thousands would take minutes. */
const maxComparisons = 20_000

/** The faults of one kind in one file; those beyond the first are counted. */
interface FaultsOfKind {
  readonly contribution: Contribution
  readonly kind: Fault['kind']
  readonly written: Fault[]
  hidden: number
}

class Combiner {
  readonly #faults = new Map<Contribution, FaultsOfKind[]>()
  #compared = 0
  readonly services = new Map<string, DeclaredService>()
  readonly checks = new Map<string, DeclaredCheck>()
  readonly watches: DeclaredWatch[] = []
  readonly checkClaims = new Map<string, Claim>()
  readonly #serviceClaims = new Map<string, Claim>()
  readonly #rules: Rules

  constructor(rules: Rules) {
    this.#rules = rules
  }

  addServices(contribution: Contribution): void {
    for (const { declared, claim, checks } of contribution.services) {
      if (!this.#claim('service', this.#serviceClaims, claim)) continue
      this.services.set(claim.id, declared)
      for (const check of checks) {
        this.#claim('check', this.checkClaims, check)
        if (check.script) this.#judgeScript(check)
      }
    }
    for (const watch of contribution.entries.watches) this.watches.push(watch)
  }

  addChecks(contribution: Contribution): void {
    for (const { declared, claim } of contribution.checks) {
      const { serviceId } = declared.definition
      if (serviceId !== '' && !this.services.has(serviceId) && !this.#rules.known().has(serviceId)) {
        this.#fault(claim, 'unknown-service', () => this.#inPart(unknownService(claim, serviceId, this.#suggestible())))
        if (this.#rules.partial === true && this.#claim('check', this.checkClaims, claim))
          this.checks.set(claim.id, declared)
      } else if (this.#claim('check', this.checkClaims, claim)) this.checks.set(claim.id, declared)
      if (claim.script) this.#judgeScript(claim)
    }
  }

  /** All that is wrong, as many of a file as are written out, and for the others of each kind one that counts them. */
  faults(): readonly Fault[] {
    return [...this.#faults.values()]
      .flat()
      .flatMap(({ contribution, kind, written, hidden }) => [
        ...written,
        ...hiddenFindings(
          contribution.file,
          written[0]?.diagnostic.severity === 'warning'
            ? { errors: 0, warnings: hidden }
            : { errors: hidden, warnings: 0 },
        ).map(diagnostic => ({ contribution, kind, diagnostic })),
      ])
  }

  /** Notes a fault; it is put into words only when it is one of the first of its kind in the file. */
  #fault({ contribution }: Claim, kind: Fault['kind'], describe: () => Diagnostic): void {
    const ofFile = this.#faults.get(contribution) ?? []
    if (ofFile.length === 0) this.#faults.set(contribution, ofFile)
    let ofKind = ofFile.find(known => known.kind === kind)
    if (ofKind === undefined) ofFile.push((ofKind = { contribution, kind, written: [], hidden: 0 }))
    if (ofKind.written.length < maxShown) ofKind.written.push({ contribution, kind, diagnostic: describe() })
    else ofKind.hidden++
  }

  /** All service ids, as long as few names were compared. */
  #suggestible(): readonly string[] | undefined {
    this.#compared += this.services.size + this.#rules.known().size
    return this.#compared <= maxComparisons ? [...this.services.keys(), ...this.#rules.known()] : undefined
  }

  /** False when the id belongs to an earlier entry. */
  #claim(kind: 'service' | 'check', claims: Map<string, Claim>, claim: Claim): boolean {
    const { id } = claim
    const before = claims.get(id)
    if (before === undefined) {
      claims.set(id, claim)
      return true
    }
    if (claim.held === true) return false
    if (before.held === true) {
      claims.set(id, claim)
      return true
    }
    // Services that are declared twice also have their checks twice; the error was already reported for the services.
    if (claim.serviceId !== '' && before.serviceId === claim.serviceId && before.contribution !== claim.contribution) {
      claims.set(id, claim)
      return true
    }
    const owner = this.#rules.owner(kind, id, [before.contribution.file, claim.contribution.file])
    const claimWins = owner === claim.contribution.file && owner !== before.contribution.file
    const [fault, winner] = claimWins ? [before, claim] : [claim, before]
    this.#fault(fault, 'duplicate', () => duplicate(kind, fault, winner))
    if (claimWins) claims.set(id, claim)
    return claimWins
  }

  #judgeScript(claim: Claim): void {
    if (!this.#rules.scriptsAllowed) this.#fault(claim, 'scripts', () => this.#inPart(scriptsDisabled(claim)))
  }

  /** An error, or where only a part of the files is known a warning: the others may have what is missing. */
  #inPart(diagnostic: Diagnostic): Diagnostic {
    return this.#rules.partial === true ? { ...diagnostic, severity: 'warning' } : diagnostic
  }
}

function scriptsDisabled({ contribution: { content }, path }: Claim): Diagnostic {
  const at = [...path, 'args']
  return {
    severity: 'error',
    code: 'scripts-disabled',
    at: content.place(at),
    key: content.name(at),
    message: `Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true`,
    hint: 'add "enable_local_script_checks": true to a configuration file, or give the flag',
  }
}

function duplicate(kind: 'service' | 'check', fault: Claim, owner: Claim): Diagnostic {
  const at = fault.contribution.content.place(fault.path)
  const other = owner.contribution.content.place(owner.path)
  return {
    severity: 'error',
    code: 'duplicate-id',
    at,
    other,
    key: fault.contribution.content.name(fault.path),
    message: `the ${kind} id ${quote(fault.id)} is declared twice: at ${other.file}:${other.line}:${other.column} and at ${at.file}:${at.line}:${at.column}`,
    hint:
      kind === 'service'
        ? 'give one of them another "id"; both may keep their "name"'
        : 'give one of them another "id"',
  }
}

function knownServices(id: string, known: readonly string[]): string {
  const near = nearest(id, known)
  if (near !== undefined) return `did you mean ${quote(near)}?`
  const some = known.slice(0, 10).map(quote).join(', ')
  return known.length === 0
    ? 'no service is declared'
    : `the services are ${some}${known.length > 10 ? ` and ${known.length - 10} more` : ''}`
}

function unknownService({ contribution, path }: Claim, id: string, known: readonly string[] | undefined): Diagnostic {
  const at = [...path, 'service_id']
  return {
    severity: 'error',
    code: 'unknown-service',
    at: contribution.content.place(at),
    key: contribution.content.name(at),
    message: `ServiceID ${quote(id)} does not exist`,
    hint: known === undefined ? 'name a service that is declared' : knownServices(id, known),
  }
}
