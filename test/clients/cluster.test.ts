import t from 'tap'
import { newCluster } from '../support/cluster.js'
import { npmConsul } from './cases/npm-consul.js'
import { pythonConsul } from './cases/python-consul.js'
import { recipes } from './cases/recipes.js'
import { amongOthers } from './target.js'

// One cluster for all: what is tried takes less time than to start it.
t.setTimeout(180_000)

void t.test('clients of an agent among others', async t => {
  const { follower, client } = await amongOthers(newCluster(t))
  for (const [name, open] of [
    ['a server that does not lead', follower],
    ['a client agent', client],
  ] as const) {
    await t.test(`${name}: the client of applications in Node.js`, t => npmConsul(t, open))
    await t.test(`${name}: the Python client of Debian`, t => pythonConsul(t, open))
    await t.test(`${name}: leader election and semaphores`, t => recipes(t, open))
  }
})
