import { randomBytes } from 'node:crypto'
import type { Command } from '../command.js'

/** `muster keygen`. */
export const command: Command = {
  usage: 'keygen',
  description:
    'Prints a new random key of 32 bytes in base64, for "encrypt". Traffic between agents is not encrypted yet: agents that are not alone refuse the key.',
  examples: [['muster keygen', 'a new key each time']],
  flags: [],
  run(_flags, io) {
    io.out(`${randomBytes(32).toString('base64')}\n`)
    return Promise.resolve(0)
  },
}
