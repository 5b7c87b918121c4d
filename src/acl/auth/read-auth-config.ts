import type { WrittenConfig } from './config-reader.js'
import { readJwtConfig, type JwtConfig } from './jwt-config.js'
import { readKubernetesConfig, type KubernetesConfig } from './kubernetes-config.js'

/** Types of auth methods, in the order in which a refusal names them. */
export const authMethodTypes = ['jwt', 'kubernetes'] as const
/** How an auth method finds out who somebody is. */
export type AuthMethodType = (typeof authMethodTypes)[number]

/** The configuration of an auth method. */
export type AuthConfig = JwtConfig | KubernetesConfig

/**
 * Reads the configuration of an auth method, as far as that is possible without asking others.
 * @throws MusterError ACL_INVALID in Consul's words
 */
export const readAuthConfig = (type: AuthMethodType, config: WrittenConfig): AuthConfig =>
  type === 'jwt' ? readJwtConfig(config) : readKubernetesConfig(config)

/** The variables that names of binding rules may hold. */
export const variablesOf = (config: AuthConfig): readonly string[] =>
  config.type === 'jwt'
    ? [...config.claims.values()].map(name => `value.${name}`)
    : ['namespace', 'name', 'uid'].map(name => `serviceaccount.${name}`)
