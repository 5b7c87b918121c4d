/**
 * muster's own version, as `muster version`, `muster members` and `/v1/agent/self` (`MusterVersion`) give it. Held
 * equal to package.json by a test.
 */
export const version = '0.1.0'

/** The Consul release whose HTTP API, DNS names and config keys this version speaks. */
export const consulCompatibility = '1.10'

/**
 * The Consul version that the API reports. Clients derive features from it, and some, such as consul-esm, refuse to
 * work with an older one.
 */
export const apiVersion = `${consulCompatibility}.0`
