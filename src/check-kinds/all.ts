import { hasAll, isText } from '../common/accepts.js'
import { isObject } from '../common/plain-data.js'
import { alias } from './alias.js'
import { docker } from './docker.js'
import { grpc } from './grpc.js'
import { h2ping } from './h2ping.js'
import { http } from './http.js'
import type { Timed } from './kind.js'
import { osService } from './os-service.js'
import { script } from './script.js'
import { tcp } from './tcp.js'
import { tls } from './tls.js'
import { ttl } from './ttl.js'
import { udp } from './udp.js'

/**
 * Every kind of check there is, in the order in which the schema and messages list them. How the polled ones are run
 * stands in `checks/kinds.ts`, which does not compile while one is missing there.
 */
export const checkKinds = [http, tcp, udp, grpc, h2ping, script, osService, docker, alias, ttl, tls] as const

type AnyKind = (typeof checkKinds)[number]

/** What a check does, by kind. */
export type CheckKindOptions = ReturnType<AnyKind['options']>

/** The name of a kind: the `Type` that its checks have in answers. */
export type KindName = CheckKindOptions['type']

/** Options of a check that runs at an interval. */
export type PolledOptions = Extract<CheckKindOptions, Timed>

/** The kinds that ask something again and again; the others are told. */
export type PolledName = PolledOptions['type']

const byName: ReadonlyMap<string, AnyKind> = new Map(checkKinds.map(kind => [kind.name, kind]))

/** The kind of that name. */
export function kindNamed(name: KindName): AnyKind {
  const kind = byName.get(name)
  if (kind === undefined) throw new TypeError(`there is no check kind "${name}"`)
  return kind
}

/** Whether checks of a kind start a program that they name. */
export const startsProgram = (name: KindName): boolean => kindNamed(name).startsProgram === true

/** Whether a value read from disk is what a check of some kind does. */
export function isKindOptions(value: unknown): value is CheckKindOptions {
  if (!isObject(value) || !isText(value.type)) return false
  const kind = byName.get(value.type)
  return kind !== undefined && hasAll(value, kind.kept)
}
