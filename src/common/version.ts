/**
 * muster's own version, as `muster version`, `muster members` and `/v1/agent/self` (`MusterVersion`) give it. Held
 * equal to package.json by a test.
 */
export const version = '0.1.0'

/** The Consul release whose HTTP API, DNS names and config keys this version speaks. */
export const consulCompatibility = '1.10'

/**
 * What those are told who ask an agent for the version of Consul that it is, to know what they may ask of it: some
 * clients, such as consul-esm, refuse to work with a version that is too low.
 */
export const apiVersion = `${consulCompatibility}.0`
