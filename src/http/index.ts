export { createHttpServer } from './serve/server.js'
export type { Forwarding } from './rules/forwarding.js'
export type { HttpServer, HttpServerOptions } from './serve/server.js'
export { uploadSuffix } from './request/upload-file.js'
