import fs from 'node:fs'
import { MusterError, errorMessage } from '../common/errors.js'
import { followStore, openQuorum, standingFrom } from './follow-store.js'
import { openSharedStore } from './shared-store.js'
import type { RoleParts } from './role.js'
import type { ServerKind } from './server-role.js'

/** A server on an etcd that someone else runs: other servers are found in it. */
export function externalKind(parts: RoleParts): ServerKind {
  const { settings } = parts
  const { endpoints, caFile, certFile, keyFile, user, password } = settings.etcd
  const tls = {
    ...(caFile !== '' && { ca: pem(caFile) }),
    ...(certFile !== '' && { cert: pem(certFile) }),
    ...(keyFile !== '' && { key: pem(keyFile) }),
  }
  const full = { is: false }
  const store = openSharedStore(parts, full, {
    endpoints,
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(user !== '' && { auth: { user, password } }),
  })
  const catalog = followStore(parts, Promise.resolve(store))
  const quorum = openQuorum(parts, catalog)
  const standing = standingFrom(() => ({
    // The external etcd elects its leader itself, so a server only knows whether etcd answers.
    state: undefined,
    led: true,
    silence: quorum.silence,
    loaded: catalog.loaded,
    full: full.is,
    now: parts.clock.now(),
    heard: [parts.nodeId],
  }))
  return { store: 'shared', catalog, standing, begin: () => Promise.resolve() }
}

function pem(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MusterError('ETCD_TLS', `cannot read ${file} for the connection to etcd: ${errorMessage(cause)}`, {
      cause,
      hint: 'store.etcd.ca_file, cert_file and key_file name PEM files that the agent may read',
    })
  }
}
