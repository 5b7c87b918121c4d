export { createHttpServer } from './server.js'
export type { Forwarding } from './forwarding.js'
export type { HttpServer, HttpServerOptions } from './server.js'
export { uploadSuffix } from './upload-file.js'
