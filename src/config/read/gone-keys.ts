/** What to do where Consul would ask a cloud for its machines: in a diagnostic, and in docs/consul.md. */
export const insteadOfCloudJoin =
  'name a DNS name whose addresses are those of the servers, or list the addresses; or let a script write them into a file of this directory, '
  + 'as {"retry_join": [...]}'

/** A key that is refused although some version of Consul knows it: what it was, and what to write now. */
export interface GoneKey {
  readonly why: string
  readonly hint: string
}

const cloud: GoneKey = { why: 'the machines of a cloud are not looked up', hint: insteadOfCloudJoin }

/**
 * Keys of a file that only Consul before 1.0 took. Those that are plain other spellings are aliases of the schemas
 * instead.
 */
const ofFiles: ReadonlyMap<string, GoneKey> = new Map([
  ['retry_join_ec2', cloud],
  ['retry_join_gce', cloud],
  ['retry_join_azure', cloud],
  [
    'advertise_addrs',
    {
      why: 'Consul 1.0 took it out',
      hint: 'write the address into "advertise_addr" or "advertise_addr_wan", and ports into "ports"',
    },
  ],
  ['dogstatsd_addr', { why: 'Consul 1.0 moved it', hint: 'write it inside "telemetry"' }],
  ['dogstatsd_tags', { why: 'Consul 1.0 moved it', hint: 'write it inside "telemetry"' }],
])

/** Keys of a service that Consul after 1.21 takes. */
const ofServices: ReadonlyMap<string, GoneKey> = new Map([
  [
    'ports',
    {
      why: 'several named ports are of Consul 1.22',
      hint: 'write the default one as "port", and declare a service for each of the others',
    },
  ],
])

/**
 * What is to be said about an unknown key of the file, or of a service; undefined for one that no Consul knows either.
 */
export const goneKey = (holder: 'file' | 'service', key: string): GoneKey | undefined =>
  (holder === 'file' ? ofFiles : ofServices).get(key.toLowerCase())
