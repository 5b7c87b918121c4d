export { createHttpServer } from './server.js'
export type { HttpServer, HttpServerOptions } from './server.js'
export type { BoundAddress } from './listeners.js'
export type { LocalAnswer } from './endpoint.js'
