import t from 'tap'
import { editionKeys, entryKeys, runKeys } from '../../src/check-kinds/common-keys.js'
import { checkKinds, kindsOf } from '../../src/check-kinds/index.js'
import { completeCheck } from '../../src/config/complete/index.js'
import { validateText } from '../../src/config/index.js'

const tables = [...checkKinds.map(kind => kind.keys), entryKeys, runKeys, editionKeys]
const rows = tables.flatMap(table => Object.entries(table))
const keys = new Map(rows)

/** A value that a check can have under a key, long enough to say something. */
const someValue = (key: string): unknown => (keys.get(key)?.value === 'texts' ? ['true'] : '10s')

t.test('names, keys and spellings of the API stand once', async t => {
  const once = (what: string, all: readonly string[]): void => {
    t.strictSame(
      all.filter((one, i) => all.indexOf(one) !== i),
      [],
      what,
    )
  }
  once(
    'names',
    checkKinds.map(kind => kind.name),
  )
  once(
    'keys',
    rows.map(([key]) => key),
  )
  once(
    'spellings, in whatever case',
    rows.flatMap(([, { api = [] }]) => api.map(spelling => spelling.toLowerCase())),
  )
})

for (const kind of checkKinds) {
  t.test(kind.name, async t => {
    for (const target of kind.targets) {
      t.ok(Object.hasOwn(kind.keys, target), `"${target}" is a key of its own`)
      const inside = JSON.stringify({ id: 'x', [target]: someValue(target) })
      t.strictSame(
        validateText('bare.json', inside, 'json').diagnostics.flatMap(one =>
          one.severity === 'error' ? [one.code] : [],
        ),
        ['bare-check'],
        `a file that holds "${target}" without a check around it is recognised`,
      )
    }
    for (const [key, { aliasOf }] of Object.entries(kind.keys))
      if (aliasOf !== undefined) t.ok(keys.has(aliasOf), `"${key}" stands for a key that there is`)
    const own = Object.fromEntries(kind.targets.map(target => [target, someValue(target)]))
    const written = kind.variantOf === undefined ? own : { ...own, args: ['true'] }
    t.strictSame(kindsOf(written), [kind.name], 'its targets ask for it alone')
    const options = kind.options(written)
    t.equal(options.type, kind.name)
    t.strictSame(Object.keys({ type: '', ...kind.kept }).sort(), Object.keys(options).sort(), 'all of it is kept')
    for (const [name, accepts] of Object.entries(kind.kept))
      t.ok(accepts(options[name as keyof typeof options]), `${name} is accepted when it is read again`)
    const text = JSON.stringify(completeCheck({ name: 'x' }, { checkOutputMaxSize: 4096 }).problems)
    const offered = !kind.polled || kind.variantOf !== undefined || text.includes(` ${kind.targets[0]}`)
    t.ok(offered, 'it is offered to a check that does not say what to test')
  })
}
