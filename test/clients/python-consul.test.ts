import t from 'tap'
import { pythonConsul } from './cases/python-consul.js'
import { alone } from './target.js'

void t.test('the Python client of Debian, python3-consul', t => pythonConsul(t, alone))
