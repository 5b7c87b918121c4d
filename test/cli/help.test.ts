import t from 'tap'
import { commands } from '../../src/cli/commands.js'
import { muster } from '../support/muster.js'

t.test("help: every command has a description, examples and its options; exit codes are Consul's", async t => {
  const overview = await muster(['help'])
  t.equal(overview.code, 0)
  for (const { name } of commands) {
    t.match(overview.out, name)
    const help = await muster([...name.split(' '), '-h'])
    t.equal(help.code, 0, name)
    t.match(help.out, `Usage: muster ${name}`)
    t.match(help.out, 'Examples:')
  }
  t.equal((await muster([])).code, 127)
  const unknown = await muster(['relaod'])
  t.equal(unknown.code, 127)
  t.match(unknown.err, 'Did you mean "muster reload"?')
  t.equal((await muster(['catalog'])).code, 1)
  t.equal((await muster(['catalog', 'nope'])).code, 1)
  t.equal((await muster(['--version'])).code, 0)
  const wrong = await muster(['members', '-no-such-flag'])
  t.equal(wrong.code, 1)
  t.match(wrong.err, 'flag provided but not defined: -no-such-flag')
})
