import type { Writable } from 'node:stream'
import type { EndSignal } from '../../common/end-signal.js'
import type { HeaderList } from '../header-list.js'
import type { PreparedBody } from './prepared-body.js'

/** What a handler answers with; how it travels (pretty, gzip, common headers) is decided by {@link send}. */
export type Answer =
  | { readonly kind: 'json'; readonly value: unknown; readonly status: number; readonly headers: HeaderList }
  | {
      readonly kind: 'text'
      readonly text: string
      readonly type: string
      readonly status: number
      readonly headers: HeaderList
    }
  | { readonly kind: 'empty'; readonly status: number; readonly headers: HeaderList }
  /** Sent as they are, never compressed on the way. */
  | {
      readonly kind: 'bytes'
      readonly bytes: Buffer
      readonly type: string
      readonly status: number
      readonly headers: HeaderList
    }
  | { readonly kind: 'prepared'; readonly body: PreparedBody; readonly headers: HeaderList }
  | {
      readonly kind: 'stream'
      readonly type: string
      readonly headers: HeaderList
      readonly start: (sink: Writable, gone: EndSignal) => void
    }

const plainText = 'text/plain; charset=utf-8'

/** A JSON answer. */
export const json = (value: unknown, status = 200, headers: HeaderList = []): Answer => ({
  kind: 'json',
  value,
  status,
  headers,
})

/** A plain text answer. */
export const text = (body: string, status = 200, headers: HeaderList = [], type = plainText): Answer => ({
  kind: 'text',
  text: body,
  type,
  status,
  headers,
})

/** No body and no Content-Type. */
export const empty = (status = 200, headers: HeaderList = []): Answer => ({ kind: 'empty', status, headers })

/** A header value that node accepts whatever it was made from: characters outside printable ASCII become `?`. */
export const headerText = (value: string): string => value.replace(/[^\x20-\x7e]/g, '?')
