import t from 'tap'
import { npmConsul } from './cases/npm-consul.js'
import { alone } from './target.js'

void t.test('the client of applications in Node.js', t => npmConsul(t, alone))
