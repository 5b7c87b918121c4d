import t from 'tap'
import { recipes } from './cases/recipes.js'
import { alone } from './target.js'

void t.test('leader election and semaphores', t => recipes(t, alone))
