import { quote } from '../read/finding.js'
import type { Settings } from '../settings.js'
import { networks } from './cidr.js'
import type { Reader } from './reader.js'

/** What `max_header_bytes` 0 stands for. */
const defaultHeaderBytes = 1 << 20

/** How the HTTP API answers. */
export function resolveHttp(reader: Reader): Settings['http'] {
  reader.list('http_config.block_endpoints').forEach((path, i) => {
    if (!path.startsWith('/')) {
      reader.report(`http_config.block_endpoints[${i}]`, {
        code: 'bad-value',
        message: `an endpoint to block begins with "/", found ${quote(path)}`,
        hint: `write "/${path}"`,
      })
    }
  })
  for (const [name, value] of Object.entries(reader.map('http_config.response_headers'))) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\0\r\n]/.test(value)) {
      reader.report(`http_config.response_headers.${name}`, {
        code: 'bad-header',
        message: `${quote(name)} with this value is not a header`,
      })
    }
  }
  return {
    blockEndpoints: reader.list('http_config.block_endpoints'),
    allowWriteHttpFrom: networks(reader, 'http_config.allow_write_http_from'),
    responseHeaders: reader.map('http_config.response_headers'),
    maxHeaderBytes: reader.number('http_config.max_header_bytes') || defaultHeaderBytes,
  }
}

/** The web page. Its path begins and ends with a slash. */
export function resolveUi(reader: Reader): Settings['ui'] {
  const path = reader.text('ui_config.content_path')
  if (!/^[A-Za-z0-9/_-]+$/.test(path)) {
    reader.report('ui_config.content_path', {
      code: 'bad-value',
      message: `"content_path" may hold letters, digits, "/", "-" and "_", found ${quote(path)}`,
    })
  }
  return {
    enabled: reader.flag('ui_config.enabled'),
    contentPath: `/${path.replace(/^\/+|\/+$/g, '')}/`.replace('//', '/'),
  }
}
