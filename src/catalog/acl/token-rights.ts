import { AuthorizerCache, type Authorizer, type DefaultPolicy } from '../../acl/index.js'
import type { Revision } from '../../store/index.js'
import { isLive } from './live.js'
import { aclNotFound, invalidAcl, isRootName } from './names.js'
import { partsOf, type AclReads } from './parts.js'
import { anonymousSecret, type Token } from './types.js'

/** Whose request it is, and what they may do. */
export interface Rights {
  /** Undefined for requests without a token, until the builtin tokens exist. */
  readonly token: Token | undefined
  readonly authorizer: Authorizer
}

/** What is known of a token as long as no policy and no role has changed. */
interface Known {
  readonly authorizer: Authorizer
  readonly policiesAt: Revision
  readonly rolesAt: Revision
}

/**
 * What the holders of tokens may do, by what the catalog holds at the moment. To ask again costs two look-ups until a
 * policy, a role or the token changes.
 */
export class TokenRights {
  readonly #state: AclReads
  readonly #datacenter: string
  readonly #now: () => number
  readonly #authorizers: AuthorizerCache
  readonly #known = new WeakMap<Token, Known>()

  /** @param parts `now` in ms since 1970, by which tokens expire */
  constructor(parts: {
    readonly state: AclReads
    readonly datacenter: string
    readonly defaultPolicy: DefaultPolicy
    readonly now: () => number
  }) {
    this.#state = parts.state
    this.#datacenter = parts.datacenter
    this.#now = parts.now
    this.#authorizers = new AuthorizerCache(parts.defaultPolicy)
  }

  /**
   * The rights of whoever brings this secret, '' for those who bring none.
   * @throws MusterError ACL_NOT_FOUND (403) for a token that is not there, has expired, or whose auth method is gone;
   *   ACL_INVALID (500) for a name that cannot be a token's
   */
  of(secret: string): Rights {
    if (isRootName(secret)) throw invalidAcl('Cannot resolve root ACL')
    const token = this.#state.tokens.withSecret(secret === '' ? anonymousSecret : secret)
    if (token === undefined && secret === '') return { token, authorizer: this.#authorizers.get([]) }
    if (token === undefined || !isLive(this.#state, token, this.#now())) throw aclNotFound()
    return { token, authorizer: this.#authorizerOf(token) }
  }

  #authorizerOf(token: Token): Authorizer {
    const policiesAt = this.#state.policies.topics.all().index
    const rolesAt = this.#state.roles.topics.all().index
    const known = this.#known.get(token)
    if (known?.policiesAt === policiesAt && known.rolesAt === rolesAt) return known.authorizer
    const authorizer = this.#authorizers.get(partsOf(this.#state, token, this.#datacenter))
    this.#known.set(token, { authorizer, policiesAt, rolesAt })
    return authorizer
  }
}
