import type { ServerResponse } from 'node:http'
import { encodeError } from './protocol.js'
import type { RpcCaller, RpcStreamHandler } from './types.js'

/** How often an empty line tells the caller that its stream lives, in milliseconds. */
const pulse = 5000

/**
 * Answers in lines: each value is one line of JSON, an empty line is a sign of life. An error after the first line ends
 * the answer with a line that begins with `!`; one before it is thrown.
 */
export async function writeLines(
  response: ServerResponse,
  handler: RpcStreamHandler,
  body: unknown,
  caller: RpcCaller,
): Promise<void> {
  const beat = setInterval(() => {
    if (response.headersSent && !response.writableNeedDrain) response.write('\n')
  }, pulse)
  try {
    const sendLine = (line: string | Uint8Array): boolean => {
      if (response.destroyed) return true
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      return response.write(line)
    }
    await handler(body, caller, {
      send: value => sendLine(`${JSON.stringify(value)}\n`),
      sendLine,
      drained: () =>
        new Promise(resolve => {
          if (!response.writableNeedDrain || caller.aborted.aborted) {
            resolve()
            return
          }
          const end = (): void => {
            response.off('drain', end)
            caller.aborted.removeEventListener('abort', end)
            resolve()
          }
          response.once('drain', end)
          caller.aborted.addEventListener('abort', end)
        }),
    })
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    response.end()
  } catch (error) {
    if (!response.headersSent) throw error
    response.end(`!${encodeError(error).bytes.toString()}\n`)
  } finally {
    clearInterval(beat)
  }
}
