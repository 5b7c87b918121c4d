import type { NodeIdentity, ServiceIdentity, TemplatedPolicy } from '../../acl/index.js'
import { milliseconds } from '../../common/duration.js'
import { isObject, type Fields } from '../../common/plain-data.js'
import type { Entry } from '../../store/index.js'
import { bytes, list, number, parse, revisionsOf, text } from '../fields.js'
import type {
  AuthMethod,
  AuthMethodData,
  BindingRule,
  BindingRuleData,
  Grants,
  LoginSource,
  Policy,
  PolicyData,
  Role,
  RoleData,
  Token,
  TokenData,
} from './types.js'

/** Bytes of a policy. */
export const encodePolicy = ({ id, name, description, rules, datacenters }: PolicyData): Uint8Array =>
  bytes({ id, name, description, rules, datacenters })

/** The policy of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodePolicy(entry: Entry): Policy {
  const fields = parse(entry)
  return {
    id: text(fields.id),
    name: text(fields.name),
    description: text(fields.description),
    rules: text(fields.rules),
    datacenters: list(fields.datacenters),
    ...revisionsOf(entry),
  }
}

/** Bytes of a role. */
export const encodeRole = ({ id, name, description, ...grants }: RoleData): Uint8Array =>
  bytes({ id, name, description, ...grantsOf(grants) })

/** The role of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeRole(entry: Entry): Role {
  const fields = parse(entry)
  return {
    id: text(fields.id),
    name: text(fields.name),
    description: text(fields.description),
    ...readGrants(fields),
    ...revisionsOf(entry),
  }
}

/** Bytes of a token. */
export function encodeToken(data: TokenData): Uint8Array {
  const { accessor, secret, description, roles, local, createTime, expirationTime, login, type, rules } = data
  const times = { createTime, expirationTime }
  return bytes({ accessor, secret, description, ...grantsOf(data), roles, local, ...times, login, type, rules })
}

/** The token of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeToken(entry: Entry): Token {
  const fields = parse(entry)
  const login = isObject(fields.login) ? readLogin(fields.login) : undefined
  return {
    accessor: text(fields.accessor),
    secret: text(fields.secret),
    description: text(fields.description),
    ...readGrants(fields),
    roles: list(fields.roles),
    local: fields.local === true,
    createTime: number(fields.createTime, 0),
    ...(typeof fields.expirationTime === 'number' && { expirationTime: fields.expirationTime }),
    ...(login !== undefined && { login }),
    type: fields.type === 'client' || fields.type === 'management' ? fields.type : '',
    rules: text(fields.rules),
    ...revisionsOf(entry),
  }
}

/** Bytes of an auth method. */
export function encodeAuthMethod(data: AuthMethodData): Uint8Array {
  const { name, type, displayName, description, maxTokenTtl, tokenLocality, config, instance } = data
  return bytes({ name, type, displayName, description, maxTokenTtl, tokenLocality, config, instance })
}

/** The auth method of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeAuthMethod(entry: Entry): AuthMethod {
  const fields = parse(entry)
  const locality = fields.tokenLocality
  return {
    name: text(fields.name),
    type: fields.type === 'kubernetes' ? 'kubernetes' : 'jwt',
    displayName: text(fields.displayName),
    description: text(fields.description),
    maxTokenTtl: milliseconds(number(fields.maxTokenTtl, 0)),
    tokenLocality: locality === 'local' || locality === 'global' ? locality : '',
    config: isObject(fields.config) ? fields.config : {},
    instance: text(fields.instance),
    ...revisionsOf(entry),
  }
}

/** Bytes of a binding rule. */
export const encodeBindingRule = (data: BindingRuleData): Uint8Array => {
  const { id, authMethod, selector, bindType, bindName, description } = data
  return bytes({ id, authMethod, selector, bindType, bindName, description })
}

/** The binding rule of an entry. @throws MusterError CATALOG_UNREADABLE */
export function decodeBindingRule(entry: Entry): BindingRule {
  const fields = parse(entry)
  return {
    id: text(fields.id),
    authMethod: text(fields.authMethod),
    selector: text(fields.selector),
    bindType: fields.bindType === 'node' || fields.bindType === 'role' ? fields.bindType : 'service',
    bindName: text(fields.bindName),
    description: text(fields.description),
    ...revisionsOf(entry),
  }
}

const grantsOf = ({ policies, serviceIdentities, nodeIdentities, templatedPolicies }: Grants): Grants => ({
  policies,
  serviceIdentities,
  nodeIdentities,
  templatedPolicies,
})

const readGrants = (fields: Fields): Grants => ({
  policies: list(fields.policies),
  serviceIdentities: objects(fields.serviceIdentities).map((one): ServiceIdentity => ({
    service: text(one.service),
    datacenters: list(one.datacenters),
  })),
  nodeIdentities: objects(fields.nodeIdentities).map((one): NodeIdentity => ({
    node: text(one.node),
    datacenter: text(one.datacenter),
  })),
  templatedPolicies: objects(fields.templatedPolicies).map((one): TemplatedPolicy => ({
    template: text(one.template),
    name: text(one.name),
    datacenters: list(one.datacenters),
  })),
})

const readLogin = (fields: Fields): LoginSource => ({ method: text(fields.method), instance: text(fields.instance) })

const objects = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isObject) : [])
