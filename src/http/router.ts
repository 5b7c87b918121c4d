import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import type { Route } from './route.js'

/** What is done with a request once its endpoint is known; undefined: there is no such endpoint. */
export type Dispatched = (request: IncomingMessage, response: ServerResponse, route: Route | undefined) => void

export interface Router {
  readonly dispatch: (request: IncomingMessage, response: ServerResponse) => void
  close(): Promise<void>
}

/**
 * Finds endpoints with fastify. Methods, bodies and answers are not its business here: every method of a known path is
 * handed on, the body unread, because the rules for both are Consul's. So every request is looked up as a GET, which
 * has one entry a path and no body: an entry for each of the 34 methods would take some megabytes.
 */
export async function createRouter(routes: readonly Route[], on: Dispatched): Promise<Router> {
  let handle: Router['dispatch'] | undefined
  const methods = new WeakMap<IncomingMessage, string>()
  const found = (request: IncomingMessage, response: ServerResponse, route: Route | undefined): void => {
    request.method = methods.get(request) ?? 'GET'
    on(request, response, route)
  }
  const app: FastifyInstance = fastify({
    logger: false,
    // fastify's own server never listens: the listeners hand requests to `dispatch`, after the fast path.
    serverFactory: handler => {
      handle = handler
      return http.createServer()
    },
    exposeHeadRoutes: false,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    routerOptions: { maxParamLength: 1_000_000, caseSensitive: true, ignoreTrailingSlash: false },
    frameworkErrors: (_error, request, reply) => {
      reply.hijack()
      found(request.raw, reply.raw, undefined)
    },
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null)
  })
  for (const route of routes) {
    app.get(route.path, (request, reply) => {
      reply.hijack()
      found(request.raw, reply.raw, route)
    })
  }
  app.setNotFoundHandler((request, reply) => {
    reply.hijack()
    found(request.raw, reply.raw, undefined)
  })
  await app.ready()
  const lookUp = handle
  if (lookUp === undefined) throw new Error('fastify has not asked for a server')
  const dispatch: Router['dispatch'] = (request, response) => {
    methods.set(request, request.method ?? 'GET')
    request.method = 'GET'
    lookUp(request, response)
  }
  return {
    dispatch,
    close: async () => {
      await app.close()
    },
  }
}

/** The endpoint at a path, for requests that come from within this process; of those ending in `*` the longest. */
export function findRoute(routes: readonly Route[], target: string): Route | undefined {
  const path = target.split('?')[0] ?? ''
  return (
    routes.find(route => route.path === path)
    ?? routes
      .filter(route => route.path.endsWith('*') && path.startsWith(route.path.slice(0, -1)))
      .sort((a, b) => b.path.length - a.path.length)[0]
  )
}
