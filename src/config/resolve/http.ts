import { BlockList, isIP, isIPv6 } from 'node:net'
import { quote } from '../finding.js'
import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

/** What `max_header_bytes` 0 stands for. */
const defaultHeaderBytes = 1 << 20

/** How the HTTP API answers. */
export function resolveHttp(reader: Reader): Settings['http'] {
  reader.list('http_config.block_endpoints').forEach((path, i) => {
    if (!path.startsWith('/')) {
      reader.report(`http_config.block_endpoints[${i}]`, { code: 'bad-value', message: `an endpoint to block begins with "/", found ${quote(path)}`, hint: `write "/${path}"` })
    }
  })
  reader.list('http_config.allow_write_http_from').forEach((network, i) => {
    if (!isCidr(network)) {
      reader.report(`http_config.allow_write_http_from[${i}]`, {
        code: 'bad-cidr', message: `a network is written as an address and the length of its prefix, found ${quote(network)}`,
        hint: isIP(network) === 0 ? 'write e.g. "192.0.2.0/24"' : `write "${network}/${isIPv6(network) ? 128 : 32}"`,
      })
    }
  })
  for (const [name, value] of Object.entries(reader.map('http_config.response_headers'))) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\0\r\n]/.test(value)) {
      reader.report(`http_config.response_headers.${name}`, { code: 'bad-header', message: `${quote(name)} with this value is not a header` })
    }
  }
  return {
    blockEndpoints: reader.list('http_config.block_endpoints'),
    allowWriteHttpFrom: reader.list('http_config.allow_write_http_from'),
    responseHeaders: reader.map('http_config.response_headers'),
    maxHeaderBytes: reader.number('http_config.max_header_bytes') || defaultHeaderBytes,
  }
}

function isCidr(text: string): boolean {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text)
  const [, address = '', prefix = ''] = match ?? []
  const family = isIP(address)
  if (family === 0) return false
  try {
    new BlockList().addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
    return true
  } catch {
    return false
  }
}

/** The web page. Its path begins and ends with a slash. */
export function resolveUi(reader: Reader): Settings['ui'] {
  const path = reader.text('ui_config.content_path')
  if (!/^[A-Za-z0-9/_-]+$/.test(path)) {
    reader.report('ui_config.content_path', { code: 'bad-value', message: `"content_path" may hold letters, digits, "/", "-" and "_", found ${quote(path)}` })
  }
  return { enabled: reader.flag('ui_config.enabled'), contentPath: `/${path.replace(/^\/+|\/+$/g, '')}/`.replace('//', '/') }
}
