import { parseExactly, readUint64 } from '../common/big-numbers.js'
import { unexpected, type Client, type Query } from './client.js'

/** A KV entry as the API gives it. */
export interface KvPair {
  readonly key: string
  readonly value: Buffer
  readonly flags: bigint
  readonly lockIndex: number
  readonly session: string
  readonly createIndex: number
  readonly modifyIndex: number
}

interface Shown {
  readonly Key: string
  readonly Value: string | null
  readonly Flags: unknown
  readonly LockIndex: number
  readonly Session?: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/** A key as commands take it: no key begins with a slash, but people write one. */
export const keyArgument = (text: string | undefined): string => (text ?? '').replace(/^\//, '')

/** The path of a key or prefix in the API. */
export const kvPath = (key: string): string =>
  `/v1/kv/${/^\.{1,2}$/.test(key) ? key.replaceAll('.', '%2E') : encodeURIComponent(key)}`

/** The entries that a query finds, none for a 404. @throws MusterError CLI_ANSWER, CLI_UNREACHABLE */
export async function kvPairs(client: Client, key: string, query: Query): Promise<readonly KvPair[]> {
  return (await kvQuery(client, key, query)).pairs
}

/** The same, with the index to wait from for a change. `signal` ends the waiting. @throws as {@link kvPairs} */
export async function kvQuery(
  client: Client,
  key: string,
  query: Query,
  signal?: AbortSignal,
): Promise<{ readonly pairs: readonly KvPair[]; readonly index: string }> {
  const answer = await client.request('GET', kvPath(key), query, undefined, signal)
  const { status, body, headers } = answer
  const index = String(headers['x-consul-index'] ?? '')
  if (status === 404) return { pairs: [], index }
  if (status !== 200) throw unexpected(answer)
  return {
    index,
    pairs: (parseExactly(body) as readonly Shown[]).map(shown => ({
      key: shown.Key,
      value: Buffer.from(shown.Value ?? '', 'base64'),
      flags: readUint64(shown.Flags) ?? 0n,
      lockIndex: shown.LockIndex,
      session: shown.Session ?? '',
      createIndex: shown.CreateIndex,
      modifyIndex: shown.ModifyIndex,
    })),
  }
}

/**
 * A write of the KV store, with the API's verdict. `signal` ends the waiting for it. @throws MusterError CLI_ANSWER,
 * CLI_UNREACHABLE
 */
export async function kvWrite(
  client: Client,
  method: 'PUT' | 'DELETE',
  key: string,
  query: Query,
  body?: Buffer,
  signal?: AbortSignal,
): Promise<boolean> {
  const answer = await client.request(method, kvPath(key), query, body, signal)
  if (answer.status !== 200) throw unexpected(answer)
  return answer.body.trim() === 'true'
}
