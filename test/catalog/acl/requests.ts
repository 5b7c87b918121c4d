import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type {
  AuthMethodRequest,
  BindingRuleRequest,
  Catalog,
  Command,
  PolicyData,
  RoleRequest,
  TokenRequest,
} from '../../../src/catalog/index.js'
import { createPolicy, createRole, createToken } from '../../../src/catalog/index.js'
import { milliseconds } from '../../../src/common/duration.js'
import { MusterError } from '../../../src/common/errors.js'

/** When everything in these tests happens, unless it is said. */
export const now = Date.UTC(2026, 0, 1)

const noGrants = { policies: [], serviceIdentities: [], nodeIdentities: [], templatedPolicies: [] } as const

export const policyData = (given: Partial<PolicyData>): PolicyData => ({
  id: randomUUID(),
  name: 'p',
  description: '',
  rules: '',
  datacenters: [],
  ...given,
})

export const roleRequest = (given: Partial<RoleRequest>): RoleRequest => ({
  id: randomUUID(),
  name: 'r',
  description: '',
  ...noGrants,
  ...given,
})

export const tokenRequest = (given: Partial<TokenRequest> = {}): TokenRequest => ({
  accessor: '',
  secret: '',
  description: '',
  ...noGrants,
  roles: [],
  local: false,
  authMethod: '',
  rules: '',
  ...given,
})

/** A key of an auth method of type jwt. */
export const jwtConfig = {
  JWTValidationPubKeys: [
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString(),
  ],
} as const

export const methodRequest = (given: Partial<AuthMethodRequest> = {}): AuthMethodRequest => ({
  name: 'm',
  type: 'jwt',
  displayName: '',
  description: '',
  maxTokenTtl: milliseconds(0),
  tokenLocality: '',
  config: jwtConfig,
  ...given,
})

export const ruleRequest = (given: Partial<BindingRuleRequest>): BindingRuleRequest => ({
  id: randomUUID(),
  authMethod: 'm',
  selector: '',
  bindType: 'service',
  bindName: 'web',
  description: '',
  ...given,
})

export const byName = (name: string) => ({ id: '', name })
export const byId = (id: string) => ({ id, name: '' })

export const ids = () => ({ accessor: randomUUID(), secret: randomUUID() })

export const run = async <Result>(catalog: Catalog, command: Command<Result>): Promise<Result> =>
  (await catalog.execute(command)).result

export const addPolicy = (catalog: Catalog, name: string, rules = '', datacenters: readonly string[] = []) =>
  run(catalog, createPolicy(policyData({ name, rules, datacenters })))

export const addRole = (catalog: Catalog, name: string, given: Partial<RoleRequest> = {}) =>
  run(catalog, createRole(roleRequest({ name, ...given })))

/** Creates a token. The result is its ids. */
export async function addToken(catalog: Catalog, given: Partial<TokenRequest> = {}) {
  const made = ids()
  const accessor = await run(catalog, createToken(tokenRequest(given), made, now))
  return { accessor, secret: given.secret ?? made.secret }
}

/** Runs a command that is refused, with this text and status. */
export async function refused(catalog: Catalog, command: Command<unknown>, text: string, status = 500): Promise<void> {
  const before = catalog.revision
  const error = await catalog.execute(command).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof MusterError, `not refused: ${text}`)
  assert.equal(error.message, text)
  assert.equal(error.status, status)
  assert.equal(catalog.revision, before)
}
