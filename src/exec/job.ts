import { fieldsOf, type Fields } from '../common/plain-data.js'
import { isUuid } from '../common/uuid.js'

/** The name of the event by which agents are told of a job. */
export const jobEvent = '_rexec'

/** Where a job is kept: the key `<prefix>/<session>/job`. It is over when the session is. */
export interface JobPlace {
  readonly prefix: string
  readonly session: string
}

/** What is to be run: a command line for the shell, a program with arguments, or a script. */
export type Work =
  | { readonly type: 'command'; readonly line: string }
  | { readonly type: 'program'; readonly args: readonly string[] }
  | { readonly type: 'script'; readonly text: Buffer }

/** Something to be run for someone elsewhere. */
export interface Job {
  readonly work: Work
  /** Milliseconds without any output after which the caller gives up. */
  readonly wait: number
}

/** Waiting time of a job that names none, and the limits of one that does. Milliseconds. */
const defaultWaitMs = 2000
const waitLimitsMs = { min: 500, max: 120_000 }

/** The place of a job from an event's payload (base64); undefined if the payload is invalid. */
export function readJobPlace(payload: string): JobPlace | undefined {
  const { Prefix, Session } = parsedFields(Buffer.from(payload, 'base64').toString())
  if (typeof Prefix !== 'string' || typeof Session !== 'string' || Prefix === '' || !isUuid(Session)) return undefined
  return { prefix: Prefix, session: Session }
}

/** The job in the value of its key; undefined when there is nothing in it to run. Consul's names and units. */
export function readJob(value: Buffer): Job | undefined {
  const { Command, Args, Script, Wait } = parsedFields(value.toString())
  const wait =
    typeof Wait === 'number' && Wait > 0
      ? Math.min(Math.max(Wait / 1e6, waitLimitsMs.min), waitLimitsMs.max)
      : defaultWaitMs
  if (typeof Script === 'string' && Script !== '')
    return { work: { type: 'script', text: Buffer.from(Script, 'base64') }, wait }
  if (Array.isArray(Args) && Args.length > 0 && Args.every(arg => typeof arg === 'string'))
    return { work: { type: 'program', args: Args }, wait }
  return typeof Command === 'string' && Command !== '' ? { work: { type: 'command', line: Command }, wait } : undefined
}

function parsedFields(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch {
    return {}
  }
}
