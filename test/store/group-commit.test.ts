import t from 'tap'
import { GroupCommit } from '../../src/store/group-commit.js'

/** Groups whose runs end when told to. */
function gated() {
  const groups: (readonly number[])[] = []
  const gates: (() => void)[] = []
  const commits = new GroupCommit<number, number>(async requests => {
    groups.push(requests)
    await new Promise<void>(resolve => {
      gates.push(resolve)
    })
    return requests.map(request => (request < 0 ? new Error(`no ${request}`) : request * 10))
  })
  return { groups, gates, commits }
}

const turn = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

void t.test('requests of one turn travel together, those that come meanwhile go next', async t => {
  const { groups, gates, commits } = gated()
  const first = [commits.submit(1), commits.submit(-2), commits.submit(3)].map(one =>
    one.catch((error: unknown) => String(error)),
  )
  await turn()
  const second = commits.submit(4)
  const third = commits.submit(5)
  await turn()
  t.same(groups, [[1, -2, 3]], 'runs do not overlap')
  let read = false
  const between = commits.between(() => {
    read = groups.length === 1
    return 'read'
  })
  gates[0]?.()
  t.same(await Promise.all(first), [10, 'Error: no -2', 30])
  t.equal(await between, 'read')
  t.equal(read, true, 'a read runs between groups')
  await turn()
  t.same(groups[1], [4, 5])
  const closing = commits.close()
  await t.rejects(commits.submit(6), { code: 'STORE_CLOSED' })
  await t.rejects(
    commits.between(() => 1),
    { code: 'STORE_CLOSED' },
  )
  gates[1]?.()
  t.same(await Promise.all([second, third]), [40, 50], 'what was taken before close is answered')
  await closing
})

void t.test('a group is bounded, and none is lost', async t => {
  const sizes: number[] = []
  const commits = new GroupCommit<number, number>(requests => {
    sizes.push(requests.length)
    return Promise.resolve(requests)
  })
  const numbers = Array.from({ length: 10_000 }, (_, i) => i)
  t.same(await Promise.all(numbers.map(number => commits.submit(number))), numbers)
  t.same(sizes, [4096, 4096, 1808])
  await commits.close()
})

void t.test('a run that fails rejects its group and nothing else', async t => {
  let runs = 0
  const commits = new GroupCommit<number, number>(requests =>
    ++runs === 1 ? Promise.reject(new Error('disk')) : Promise.resolve(requests),
  )
  await t.rejects(Promise.all([commits.submit(1), commits.submit(2)]), { message: 'disk' })
  t.equal(await commits.submit(3), 3)
  await t.rejects(
    commits.between(() => {
      throw new Error('read')
    }),
    { message: 'read' },
  )
  await commits.close()
})
