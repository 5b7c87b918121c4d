#!/usr/bin/env node
// Writes docs/consul.md: every endpoint, command and configuration key, and what muster does with it. Keys and what is
// said of them come from schemas/, commands from src/cli/commands.ts, the rest from compatibility-notes.mjs.
// test/readme.test.ts fails while the file is not what this would write.
//   node tools/compatibility.mjs
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { absentCommands, absentEndpoints, commandNotes, endpoints, refusedKeys } from './compatibility-notes.mjs'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const target = path.join(root, 'docs/consul.md')
const read = file => fs.readFileSync(path.join(root, file), 'utf8')

/** The page. @throws Error when a note is about a command that does not exist, or a key that does not */
export function page() {
  return `${introduction}

${details('Endpoints of the HTTP API', 'An empty last column: as in Consul 1.10. `*` is the rest of the path.', endpointTable())}
${details('Commands', 'An empty last column: as in Consul 1.10. `muster COMMAND -h` shows options and examples.', commandTable())}
${details('Configuration keys of the agent', 'An empty last column: it does what it says. A key without effect is accepted with a warning that says why.', keyTable('agent'))}
${details('Keys of a service', 'The same in files, and in CamelCase over HTTP.', keyTable('service'))}
${details('Keys of a check', 'The same in files, and in CamelCase over HTTP.', keyTable('check'))}
${details('Keys of a watch', '', keyTable('watch'))}`
}

const introduction = `# muster and Consul 1.10, one by one

Every endpoint, command and configuration key of Consul 1.10 that is not about the service mesh, and what muster does with it. Written by
\`node tools/compatibility.mjs\` from the schemas and the sources; a test fails when it is out of date.

**Not there:** access control (ACL), TLS for the API, encryption between agents, the web page, and the service mesh (connect, intentions, proxies,
gateways, config entries). Paid editions' keys (namespaces, partitions, segments, audit, read replicas) are accepted and have no effect;
a request that names a namespace or a partition is refused.`

const details = (title, text, table) => `<details>
<summary><b>${title}</b></summary>
${text === '' ? '' : `\n${text}\n`}
${table}

</details>
`

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows]
    .map(cells => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`.replaceAll(/ +\|/g, ' |'))
    .join('\n')
const code = text => `\`${text}\``

function endpointTable() {
  const rows = [
    ...Object.entries(endpoints).map(([where, [methods, note]]) => [code(where), methods, note]),
    ...absentEndpoints.map(([where, methods, note]) => [code(where), methods, `**not there**: ${note}`]),
  ]
  return table(['path', 'methods', 'what is different'], rows)
}

function commandTable() {
  const commands = [...read('src/cli/commands.ts').matchAll(/\{\s*name: '([^']+)',\s*summary: '([^']+)'/g)].map(
    ([, name, summary]) => [name, summary],
  )
  for (const name of Object.keys(commandNotes))
    if (!commands.some(([known]) => known === name))
      throw new Error(`there is a note about ${name}, which is no command`)
  const rows = [
    ...commands.map(([name, summary]) => [code(name), summary, commandNotes[name] ?? '']),
    ...absentCommands.map(([name, note]) => [code(name), '', `**not there**: ${note}`]),
  ]
  return table(['command', 'what for', 'what is different'], rows)
}

function keyTable(part) {
  const schema = JSON.parse(read(`schemas/${part}.schema.json`))
  const rows = keyRows(schema, '', part === 'agent' ? refusedKeys : {})
  if (part === 'agent')
    for (const key of Object.keys(refusedKeys))
      if (!rows.some(([first]) => first === code(key))) throw new Error(`there is a note about ${key}, which is no key`)
  return table(['key', 'meaning', 'what is different'], rows)
}

/** A row for each key; the keys below one without effect share its row. */
function keyRows({ properties = {} }, prefix, refused) {
  return Object.entries(properties).flatMap(([name, key]) => {
    const full = `${prefix}${name}`
    if (key['x-effect'] === 'none')
      return [
        [
          code(full),
          `${key.description}${below(key)}`,
          `no effect: ${key['x-effect-note']}${refused[full] === undefined ? '' : `; ${refused[full]}`}`,
        ],
      ]
    const notes = [
      ...(key['x-alias-of'] === undefined ? [] : [`the same as ${code(key['x-alias-of'])}`]),
      ...(refused[full] === undefined ? [] : [refused[full]]),
    ]
    return [[code(full), key.description ?? '', notes.join('; ')], ...keyRows(key, `${full}.`, refused)]
  })
}

function below(key) {
  const names = keysBelow(key, '')
  return names.length === 0 ? '' : ` Keys: ${names.map(code).join(' ')}`
}

const keysBelow = ({ properties = {} }, prefix) =>
  Object.entries(properties).flatMap(([name, key]) => {
    const deeper = keysBelow(key, `${prefix}${name}.`)
    return deeper.length === 0 ? [`${prefix}${name}`] : deeper
  })

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.writeFileSync(target, page())
}
