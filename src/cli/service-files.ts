import path from 'node:path'
import { MusterError } from '../common/errors.js'
import { ConfigSource, diagnosticLine, type ServiceDefinition } from '../config/index.js'
import type { Io } from './io.js'

/**
 * The services that files declare, read and judged as an agent would.
 * @throws MusterError CLI_FILES with every error found, one a line.
 */
export function servicesInFiles(paths: readonly string[], io: Io): Promise<readonly ServiceDefinition[]> {
  const source = new ConfigSource({
    paths: paths.map(file => path.resolve(io.cwd, file)),
    flags: { values: new Map(), positional: [] },
    hostname: 'localhost',
    lastGood: { all: () => [], set: () => undefined },
  })
  const { declared, diagnostics } = source.load()
  // Allow scripts here: the agent decides whether they may run.
  const errors = diagnostics.filter(({ severity, code }) => severity === 'error' && code !== 'scripts-disabled')
  if (errors.length > 0) return Promise.reject(new MusterError('CLI_FILES', errors.map(diagnosticLine).join('\n')))
  if (declared.services.size === 0) {
    return Promise.reject(
      new MusterError('CLI_FILES', `no service is declared in ${paths.join(', ')}`, {
        hint: 'a file holds { service: { name: ... } } or { services: [...] }',
      }),
    )
  }
  return Promise.resolve([...declared.services.values()].map(({ definition }) => definition))
}

/** The body that registers a service over HTTP. */
export function toApi(definition: ServiceDefinition): { readonly Name: string } & Readonly<Record<string, unknown>> {
  const { taggedAddresses } = definition
  return {
    Name: definition.name,
    ID: definition.id,
    Tags: definition.tags,
    Address: definition.address,
    Port: definition.port,
    SocketPath: definition.socketPath,
    Meta: definition.meta,
    EnableTagOverride: definition.enableTagOverride,
    Token: definition.token,
    Weights: { Passing: definition.weights.passing, Warning: definition.weights.warning },
    ...(taggedAddresses !== null && {
      TaggedAddresses: Object.fromEntries(
        Object.entries(taggedAddresses).map(([name, { address, port }]) => [name, { Address: address, Port: port }]),
      ),
    }),
    // Set the id here, since the agent would number checks in another order.
    Checks: definition.checks.map(check => {
      const { ID: _topLevelId, ...written } = check.written
      return { ...written, CheckID: check.id, Name: check.name, Status: check.status }
    }),
  }
}
