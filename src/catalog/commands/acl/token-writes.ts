import { isUuid } from '../../../common/uuid.js'
import { encodeToken } from '../../acl/acl-codec.js'
import { invalidAcl } from '../../acl/names.js'
import { reservedPrefix } from '../../acl/types.js'
import type { Token, TokenData } from '../../acl/types.js'
import type { CatalogReads } from '../../api.js'
import { aclClaimKey, aclTokenKey } from '../../keys.js'
import type { KeyDraft } from '../key-draft.js'

const nothing = new Uint8Array(0)

/** Ids of a token to be. */
export interface TokenIds {
  readonly accessor: string
  readonly secret: string
}

/** Writes a token, with its ids where it is new: nobody else may have one of them. */
export function putToken(draft: KeyDraft, data: TokenData, standing?: Token): void {
  draft.relyOnKey(aclTokenKey(data.accessor), standing?.modified)
  draft.put(aclTokenKey(data.accessor), encodeToken(data))
  if (standing !== undefined) return
  for (const key of claimsOf(data)) {
    draft.relyOnKey(key, undefined)
    draft.put(key, nothing)
  }
}

/** Deletes a token, if it is still as it was seen, and frees its ids. */
export function removeToken(draft: KeyDraft, token: Token): void {
  draft.relyOnKey(aclTokenKey(token.accessor), token.modified)
  draft.delete(aclTokenKey(token.accessor))
  for (const key of claimsOf(token)) draft.delete(key)
}

/** @throws MusterError ACL_INVALID in Consul's words, when a token may not have an id that somebody chose. */
export function assertFreeId(state: CatalogReads, what: 'AccessorID' | 'SecretID', id: string): void {
  if (!isUuid(id)) throw invalidAcl(`Invalid Token: ${what} is not a valid UUID`)
  if (state.tokens.get(id) !== undefined || state.tokens.withSecret(id) !== undefined)
    throw invalidAcl(`Invalid Token: ${what} is already in use`)
  if (id.startsWith(reservedPrefix))
    throw invalidAcl(`Invalid Token: UUIDs with the prefix ${JSON.stringify(reservedPrefix)} are reserved`)
}

const claimsOf = ({ accessor, secret }: TokenIds): readonly string[] => [
  aclClaimKey(accessor.toLowerCase()),
  aclClaimKey(secret),
]
