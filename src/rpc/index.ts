export type {
  ApiListener,
  CallOptions,
  ProxyOptions,
  RequestRoute,
  RpcClient,
  RpcPort,
  RpcServer,
  RpcSink,
} from './types.js'
export { createRpcServer, streamsPerConnection, type RpcServerOptions } from './server.js'
export { createRpcClient } from './client.js'
export { isUnreachable, wasNotSent } from './unreachable.js'
export { Shape } from './shape.js'
