import type { CheckKindOptions } from '../config/index.js'
import { docker } from './docker.js'
import { grpc } from './grpc.js'
import { h2ping } from './h2ping.js'
import { http } from './http.js'
import { osService } from './os-service.js'
import { script } from './script.js'
import { tcp } from './tcp.js'
import type { PolledKind } from './types.js'
import { udp } from './udp.js'

/** The checks that ask something again and again; the other types, `ttl` and `alias`, are told. */
export type PolledType = Exclude<CheckKindOptions['type'], 'ttl' | 'alias'>

/** Every kind of polled check there is. */
export const kinds = { docker, grpc, h2ping, http, os_service: osService, script, tcp, udp } as const satisfies { readonly [Type in PolledType]: PolledKind<Type> }
