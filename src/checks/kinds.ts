import type { CheckKindOptions } from '../config/index.js'
import { docker } from './docker.js'
import { grpc } from './grpc.js'
import { h2ping } from './h2ping.js'
import { http } from './http.js'
import { osService } from './os-service.js'
import { script } from './script.js'
import { tcp } from './tcp.js'
import type { CheckResult, PolledKind, RunContext } from './types.js'
import { udp } from './udp.js'

/** The checks that ask something again and again; the other types, `ttl` and `alias`, are told. */
export type PolledType = Exclude<CheckKindOptions['type'], 'ttl' | 'alias'>

/** What a polled check asks. */
export type PolledOptions = Extract<CheckKindOptions, { type: PolledType }>

/** Every kind of polled check there is. */
export const kinds = {
  docker,
  grpc,
  h2ping,
  http,
  os_service: osService,
  script,
  tcp,
  udp,
} as const satisfies { readonly [Type in PolledType]: PolledKind<Type> }

/** Runs a check of whatever kind once. */
export function askKind(options: PolledOptions, context: RunContext): Promise<CheckResult> {
  const kind: { run(options: PolledOptions, context: RunContext): Promise<CheckResult> } = kinds[options.type]
  return kind.run(options, context)
}
