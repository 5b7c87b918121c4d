/** A promise that somebody else settles, later. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>
  /** Another call does nothing. */
  readonly resolve: (value: Value | PromiseLike<Value>) => void
}

/** Makes one. Node.js has this as `Promise.withResolvers` from version 22 on. */
export function deferred<Value = void>(): Deferred<Value> {
  let resolve: Deferred<Value>['resolve'] = () => undefined
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
