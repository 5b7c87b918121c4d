/** The codes of gRPC that calls to etcd end with. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalid: 3,
  deadline: 4,
  notFound: 5,
  denied: 7,
  exhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** How a call failed: gRPC's code, and in words what the other side said or what happened on the way. */
export class GrpcFault extends Error {
  readonly code: number
  readonly details: string
  /** False: the other side certainly did nothing of it. */
  readonly sent: boolean

  constructor(code: number, details: string, options: { readonly sent?: boolean } = {}) {
    super(`${code} ${details}`)
    this.name = 'GrpcFault'
    this.code = code
    this.details = details
    this.sent = options.sent ?? true
  }
}
