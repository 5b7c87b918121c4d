/** muster's own version, as `muster version` and `/v1/agent/self` give it. Held equal to package.json by a test. */
export const version = '0.1.0'

/** The Consul release whose HTTP API, DNS names and config keys this version speaks. */
export const consulCompatibility = '1.10'
