import http from 'node:http'
import type { EtcdMember } from '../store/index.js'

/** Bytes of an answer that are read. */
const maxAnswerBytes = 1_000_000

/** What a member tells every peer that asks, also while there is no quorum. */
export interface PeerAnswer {
  /** Hexadecimal; '' when it does not say. */
  readonly cluster: string
  readonly members: readonly EtcdMember[]
}

/**
 * Whether an etcd serves clients on a socket. While it waits for a quorum it takes connections, but answers nothing.
 */
export const servesClients = async (socketPath: string, timeout: number): Promise<boolean> =>
  (await get({ socketPath, path: '/version', timeout })) !== undefined

/** Members as an etcd knows them, asked on its peer port; undefined while it does not answer. */
export async function askPeerPort(host: string, port: number, timeout: number): Promise<PeerAnswer | undefined> {
  const answer = await get({ host, port, path: '/members', timeout })
  if (answer === undefined) return undefined
  const header = answer.headers['x-etcd-cluster-id']
  try {
    // Ids have 64 bits, more than a number holds.
    const read: unknown = JSON.parse(answer.body.replace(/"id":(\d+)/g, '"id":"$1"'))
    return {
      cluster: typeof header === 'string' ? header : '',
      members: Array.isArray(read) ? read.map(readMember) : [],
    }
  } catch {
    return undefined
  }
}

function readMember(value: unknown): EtcdMember {
  const {
    id = '0',
    name = '',
    peerURLs = [],
    isLearner = false,
  } = value as { id?: string; name?: string; peerURLs?: readonly string[]; isLearner?: boolean }
  return { id: BigInt(id).toString(16), name, peerUrls: peerURLs, learner: isLearner }
}

function get(
  options: http.RequestOptions & { readonly timeout: number },
): Promise<{ readonly headers: http.IncomingHttpHeaders; readonly body: string } | undefined> {
  return new Promise(resolve => {
    const request = http.get({ ...options, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
        if (body.length > maxAnswerBytes) request.destroy()
      })
      response.once('end', () => {
        resolve(response.statusCode === 200 ? { headers: response.headers, body } : undefined)
      })
    })
    const late = setTimeout(() => {
      request.destroy()
    }, options.timeout)
    late.unref()
    request.once('error', () => {
      resolve(undefined)
    })
    request.once('close', () => {
      clearTimeout(late)
      resolve(undefined)
    })
  })
}
