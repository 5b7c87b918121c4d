import type { Settings } from '../settings.js'
import type { Reader } from './reader.js'

const joinKeys = ['retry_join', 'start_join', 'retry_join_wan', 'start_join_wan']

/**
 * What this agent is. Without a word about servers or joining it is a lone server. Settings that make it a member of
 * something larger (a client, one of several servers) are refused rather than run as something else.
 */
export function resolveMode(reader: Reader, dev: boolean): Pick<Settings, 'server' | 'bootstrap' | 'bootstrapExpect'> {
  const written = reader.written('server')
  const join = joinKeys.find(key => reader.list(key).length > 0)
  const bootstrap = reader.flag('bootstrap')
  const expect = reader.number('bootstrap_expect')
  if (bootstrap && expect > 0) {
    reader.report('bootstrap_expect', { code: 'bootstrap', message: "'bootstrap_expect > 0' and 'bootstrap = true' are mutually exclusive", hint: 'keep "bootstrap_expect": 1' })
  }
  if (written !== true && expect > 0) {
    reader.report('bootstrap_expect', { code: 'bootstrap', message: "'bootstrap_expect > 0' requires 'server = true'", hint: 'add "server": true' })
  } else if (written !== true && bootstrap) {
    reader.report('bootstrap', { code: 'bootstrap', message: "'bootstrap = true' requires 'server = true'", hint: 'add "server": true' })
  } else if (written === false) {
    reader.report('server', {
      code: 'client-mode', message: '"server" is false: this would be a client of other agents, and this version of muster runs alone',
      hint: 'remove it: an agent without it is a server of its own',
    })
  } else if (written === undefined && join !== undefined && !dev) {
    reader.report(join, {
      code: 'client-mode', message: `with "${join}" this would be a client of other agents, and this version of muster runs alone`,
      hint: 'remove it, or add "server": true to run as a lone server all the same',
    })
  }
  if (expect > 1) {
    reader.report('bootstrap_expect', {
      code: 'several-servers', message: `"bootstrap_expect" is ${expect}, but this version of muster runs alone and never finds other servers`, hint: 'write 1',
    })
  }
  return { server: true, bootstrap: true, bootstrapExpect: 1 }
}
