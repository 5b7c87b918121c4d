import { isBoolean, isMapOf, isText, isTexts } from '../common/accepts.js'
import { filled } from '../common/filled.js'
import { readHttpUrl } from '../common/http-url.js'
import type { KindOf, Timed, Tls } from './kind.js'
import { timed, timedKept, tlsKept, tlsOptions } from './options.js'

/** What a check of the kind `http` does. */
export interface HttpOptions extends Timed, Tls {
  readonly type: 'http'
  readonly url: string
  readonly method: string
  readonly header: Readonly<Record<string, readonly string[]>>
  readonly body: string
  readonly disableRedirects: boolean
}

const noHeader: Readonly<Record<string, never>> = Object.freeze({})

/** Asks a URL. */
export const http: KindOf<HttpOptions> = {
  name: 'http',
  targets: ['http'],
  keys: {
    http: {
      value: 'text',
      description: 'HTTP check: the URL. 2xx passes, 429 warns, others are critical.',
      api: ['HTTP'],
    },
    header: { value: 'textsMap', description: 'Headers of the HTTP check.', default: {}, api: ['Header'] },
    method: { value: 'text', description: 'Method of the HTTP check.', default: 'GET', api: ['Method'] },
    body: { value: 'text', description: 'Body of the HTTP check.', default: '', api: ['Body'] },
    disable_redirects: {
      value: 'flag',
      description: 'Take a redirect as the answer instead of following it.',
      default: false,
      api: ['DisableRedirects'],
    },
  },
  polled: true,
  judge({ http: url = '' }, findings) {
    if (readHttpUrl(url) !== undefined) return
    const hint = url.includes('://') ? undefined : `write http: "http://${url}"`
    findings.error(['http'], 'bad-url', `"${url}" is not an http or https URL`, hint)
  },
  options: written => ({
    type: 'http',
    url: written.http ?? '',
    method: filled(written.method) ? written.method : 'GET',
    header: written.header ?? noHeader,
    body: written.body ?? '',
    disableRedirects: written.disable_redirects ?? false,
    ...timed(written),
    ...tlsOptions(written),
  }),
  kept: {
    url: isText,
    method: isText,
    header: isMapOf(isTexts),
    body: isText,
    disableRedirects: isBoolean,
    ...timedKept,
    ...tlsKept,
  },
}
