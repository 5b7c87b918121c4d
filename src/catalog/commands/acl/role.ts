import { sameData } from '../../../common/plain-data.js'
import { isUuid } from '../../../common/uuid.js'
import { encodeRole } from '../../acl/acl-codec.js'
import { assertNamed, invalidAcl } from '../../acl/names.js'
import type { RoleData } from '../../acl/types.js'
import type { CatalogReads, Command } from '../../api.js'
import { withoutRevisions } from '../../fields.js'
import { aclRoleKey, aclRoleNameKey } from '../../keys.js'
import { drafted } from '../draft.js'
import { resolveIdentities, resolveLinks, type GrantsRequest } from './grants.js'
import { namedWrites } from './named.js'

/** What a role is to be. */
export interface RoleRequest extends GrantsRequest {
  readonly id: string
  readonly name: string
  readonly description: string
}

/** Creates a role under a new id. The result is the id. Refused with ACL_INVALID, in Consul's words. */
export const createRole =
  (request: RoleRequest): Command<string> =>
  state =>
    drafted(draft => {
      assertNamed('Role', request.name, request.description)
      if (state.roles.named(request.name) !== undefined)
        throw invalidAcl(`Invalid Role: A Role with Name ${JSON.stringify(request.name)} already exists`)
      roleWrites.put(draft, roleOf(state, request), undefined)
      return request.id
    })(state)

/**
 * Puts a role in the place of the one with its id. Written only when it differs. Refused as {@link createRole} does,
 * and when there is none.
 */
export const updateRole =
  (request: RoleRequest): Command<string> =>
  state =>
    drafted(draft => {
      assertNamed('Role', request.name, request.description)
      if (!isUuid(request.id)) throw invalidAcl('Role ID invalid UUID')
      const standing = state.roles.get(request.id)
      if (standing === undefined) throw invalidAcl(`cannot find role ${request.id}`)
      const holder = state.roles.named(request.name)
      if (holder !== undefined && holder.id !== standing.id)
        throw invalidAcl(`Invalid Role: A role with name ${JSON.stringify(request.name)} already exists`)
      const after = { ...roleOf(state, request), id: standing.id }
      if (!sameData(withoutRevisions(standing), after)) roleWrites.put(draft, after, standing)
      return standing.id
    })(state)

/** Deletes a role; links to it say nothing from then on. One that is not there is fine. */
export const deleteRole =
  (id: string): Command<true> =>
  state =>
    drafted(draft => {
      const standing = state.roles.get(id)
      if (standing !== undefined) roleWrites.remove(draft, standing)
      return true as const
    })(state)

const roleOf = (state: CatalogReads, request: RoleRequest): RoleData => ({
  id: request.id,
  name: request.name,
  description: request.description,
  policies: resolveLinks('policy', request.policies, state.policies),
  ...resolveIdentities(request, 'role'),
})

const roleWrites = namedWrites<RoleData>(aclRoleKey, aclRoleNameKey, encodeRole)
