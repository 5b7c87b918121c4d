import type { PolledName, PolledOptions } from '../check-kinds/index.js'
import { docker } from './docker.js'
import { grpc } from './grpc.js'
import { h2ping } from './h2ping.js'
import { http } from './http.js'
import { osService } from './os-service.js'
import { script } from './script.js'
import { tcp } from './tcp.js'
import { tls } from './tls.js'
import type { CheckResult, PolledKind, RunContext } from './types.js'
import { udp } from './udp.js'

/** How each kind of polled check is run. */
export const kinds = {
  docker,
  grpc,
  h2ping,
  http,
  os_service: osService,
  script,
  tcp,
  tls,
  udp,
} as const satisfies { readonly [Name in PolledName]: PolledKind<Name> }

/** Runs a check of whatever kind once. */
export function askKind(options: PolledOptions, context: RunContext): Promise<CheckResult> {
  const kind: { run(options: PolledOptions, context: RunContext): Promise<CheckResult> } = kinds[options.type]
  return kind.run(options, context)
}
