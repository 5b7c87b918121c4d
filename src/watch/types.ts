/** A read of the agent's HTTP API as a watch makes it, in this process: no socket, the same answers. */
export interface WatchSource {
  /**
   * GETs a path and query under /v1/, blocking like any client (`index` and `wait` are in the query). Resolves with
   * status, the X-Consul-Index and the body. Rejects when `signal` is aborted.
   */
  get(
    path: string,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly index: string; readonly body: string }>
}

/** What a watch looks at: where to ask, and how to turn the answer into the data its handler is given. */
export interface WatchQuery {
  /** Path and query without index and wait: `/v1/health/service/web?passing=1`. */
  readonly path: string
  /** The handler's data from an answer's JSON; `present` is false for a 404. */
  pick(body: unknown, present: boolean): unknown
  /**
   * It waits by the hash of the last answer (`?hash=`) rather than by its index, and what is absent is a failed
   * question.
   */
  readonly byHash?: true
  /**
   * For data of which only what is new matters: that part of `data`, given what there was before. Undefined when there
   * is none: no handler runs.
   */
  news?(before: unknown, data: unknown): unknown
}

/** What a watch runs when its data changed. */
export type WatchHandler =
  | { readonly type: 'script'; readonly args: readonly string[] }
  | {
      readonly type: 'http'
      readonly url: string
      readonly method: string
      readonly timeout: number
      readonly header: Readonly<Record<string, readonly string[]>>
      readonly tlsSkipVerify: boolean
    }

/** A watch ready to run. Two plans with the same `identity` are the same watch. */
export interface WatchPlan {
  readonly identity: string
  /** For logs: `service web (conf/web.json:7)`. */
  readonly label: string
  readonly query: WatchQuery
  readonly handler: WatchHandler
}
