import { flagIsSet, flagValue, type ParsedFlags } from '../../common/flags.js'
import { Client } from '../client.js'
import { clientFlags, serverFlags, tenancyFlags } from '../client-settings.js'
import type { Command } from '../command.js'
import { keyArgument, kvWrite } from '../kv.js'

/** `muster kv delete`. */
export const command: Command = {
  usage: 'kv delete [options] KEY_OR_PREFIX',
  description:
    'Deletes a key, or with -recurse all keys that begin with a prefix. What is not there counts as deleted.',
  examples: [
    ['muster kv delete app/color', 'one key'],
    ['muster kv delete -recurse app/', 'all below a prefix, at once'],
    ['muster kv delete -cas -modify-index=42 app/color', 'only if nobody wrote it since'],
  ],
  flags: [
    { name: 'cas', type: 'bool', help: "delete only if the key's ModifyIndex is -modify-index" },
    { name: 'modify-index', type: 'string', placeholder: 'N', help: 'with -cas' },
    { name: 'recurse', type: 'bool', help: 'delete all keys that begin with the prefix; "" means every key' },
    ...clientFlags,
    ...serverFlags,
    ...tenancyFlags,
  ],
  async run(flags, io) {
    const key = keyArgument(flags.positional[0])
    const fault = usageFault(flags, key)
    if (fault !== undefined) {
      io.err(`${fault}\n`)
      return 1
    }
    const client = await Client.connect(flags, io)
    if (flagIsSet(flags, 'recurse')) {
      await kvWrite(client, 'DELETE', key, { recurse: '' })
      io.out(`Success! Deleted keys with prefix: ${key}\n`)
      return 0
    }
    if (
      await kvWrite(client, 'DELETE', key, flagIsSet(flags, 'cas') ? { cas: flagValue(flags, 'modify-index') } : {})
    ) {
      io.out(`Success! Deleted key: ${key}\n`)
      return 0
    }
    io.err(`Error! Did not delete key ${key}: CAS failed\n`)
    return 1
  },
}

function usageFault(flags: ParsedFlags, key: string): string | undefined {
  const [cas, recurse, index] = [flagIsSet(flags, 'cas'), flagIsSet(flags, 'recurse'), flagValue(flags, 'modify-index')]
  // An empty prefix is more likely an unset shell variable than the wish to delete every key.
  if (flags.positional.length === 0 || (key === '' && !recurse)) return 'Error! Missing KEY argument'
  if (flags.positional.length > 1) return `Error! Too many arguments (expected 1, got ${flags.positional.length})`
  if (cas && recurse) return 'Cannot specify both -cas and -recurse!'
  if (!cas && index !== undefined) return 'Cannot specify -modify-index without -cas!'
  if (cas && (index === undefined || !/^\d+$/.test(index) || Number(index) === 0))
    return 'Must specify a -modify-index greater than 0 with -cas!'
  return undefined
}
