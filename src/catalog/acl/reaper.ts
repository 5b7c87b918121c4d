import type { Clock } from '../../common/clock.js'
import { errorMessage } from '../../common/errors.js'
import { pause } from '../../common/pause.js'
import { untilClosed } from '../../common/until-closed.js'
import type { CatalogReads, CatalogWrites } from '../api.js'
import { reapTokens } from '../commands/acl/token.js'
import { isLive } from './live.js'
import type { Token } from './types.js'

/** Where the reaper logs tokens that could not be deleted. A logger of telemetry fits. */
export interface TokenReaperLog {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void
}

/** What a reaper works on. */
export interface TokenReaperParts {
  readonly catalog: Pick<CatalogReads, 'tokens' | 'authMethods' | 'wait'> & Pick<CatalogWrites, 'execute'>
  readonly clock: Clock
  readonly log?: TokenReaperLog
}

/** How many tokens go in one transaction: each is three keys, and an etcd of someone else takes 128. */
const maxTogether = 40
/** How many go in one round, as in Consul: others want to write too. */
const maxInRound = 4096
/** How long it is at least from one round to the next, in ms: tokens may come in hundreds a second. */
const minWait = 1000
/** How long it is at most, in ms. */
const maxWait = 24 * 3_600_000

/**
 * Deletes tokens that have expired, and those whose auth method is gone, within a second or so. Runs on one
 * server until closed.
 */
export const startTokenReaper = (parts: TokenReaperParts): { close(): void } =>
  untilClosed(closed => new TokenReaper(parts, closed).run())

class TokenReaper {
  readonly #parts: TokenReaperParts
  readonly #end: AbortSignal
  /** The auth methods as they were when tokens were last compared with them. */
  #methodsAt = 0

  constructor(parts: TokenReaperParts, end: AbortSignal) {
    this.#parts = parts
    this.#end = end
  }

  async run(): Promise<void> {
    const { catalog, clock } = this.#parts
    while (!this.#end.aborted) {
      const seen = catalog.tokens.topics.all().index
      const isDone = await this.#round()
      await pause(clock, minWait, this.#end)
      if (!isDone || this.#ended()) continue
      const [next] = catalog.tokens.expiring()
      const due = next?.expirationTime === undefined ? maxWait : next.expirationTime - clock.now()
      if (due > 0) await catalog.wait(catalog.tokens.topics.all(), seen, Math.min(due, maxWait), this.#end)
    }
  }

  /** Deletes what is over. False when that did not succeed. */
  async #round(): Promise<boolean> {
    const { catalog, clock, log } = this.#parts
    try {
      const over = this.#over(clock.now()).slice(0, maxInRound)
      for (let at = 0; at < over.length && !this.#ended(); at += maxTogether)
        await catalog.execute(reapTokens(over.slice(at, at + maxTogether), clock.now()))
      return true
    } catch (error) {
      if (!this.#ended())
        log?.warn('tokens that have expired could not be deleted, trying again', { error: errorMessage(error) })
      return false
    }
  }

  #over(now: number): readonly Token[] {
    const { tokens, authMethods } = this.#parts.catalog
    const expired: Token[] = []
    for (const token of tokens.expiring()) {
      if (token.expirationTime === undefined || token.expirationTime > now) break
      expired.push(token)
    }
    if (expired.length > 0) return expired
    const methodsAt = authMethods.topics.all().index
    if (methodsAt === this.#methodsAt) return []
    const orphans = tokens.all().filter(token => !isLive(this.#parts.catalog, token, now))
    if (orphans.length === 0) this.#methodsAt = methodsAt
    return orphans
  }

  #ended(): boolean {
    return this.#end.aborted
  }
}
