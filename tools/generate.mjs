// Derives src/generated from what a configuration file may hold: schemas/, of which check.schema.json is written by this
// file too, from src/check-kinds, where each kind of check says which keys it has.
//   validators.js, .d.ts   Ajv's checks, compiled ahead of time into one module without imports
//   types.ts               what a file's content looks like to TypeScript, after aliases are replaced
//   keys.ts                every key with its kind, default, aliases, and whether a reload applies it
//   node tools/generate.mjs   writes schemas/check.schema.json too, for editors; a test fails when it is out of date
import Ajv from 'ajv/dist/2020.js'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { compile } from 'json-schema-to-typescript'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const schemasFolder = path.join(root, 'schemas')
const checkSchema = 'check.schema.json'
const outFolder = path.join(root, 'src/generated')
/** File name of each schema, and what its validator is called. The first one holds the others. */
const parts = {
  'agent.schema.json': 'validateConfig',
  'service.schema.json': 'validateService',
  'check.schema.json': 'validateCheck',
  'watch.schema.json': 'validateWatch',
}

/**
 * Derives src/generated from the schemas: validators, types and key tables. Does nothing when this file, the schemas and
 * the keys of the check kinds are unchanged.
 */
export async function generate() {
  const checks = await checkSchemaText()
  const texts = Object.keys(parts).map(name =>
    name === checkSchema ? checks : fs.readFileSync(path.join(schemasFolder, name), 'utf8'),
  )
  const stamp = createHash('sha256')
    .update([fs.readFileSync(fileURLToPath(import.meta.url), 'utf8'), ...texts].join('\0'))
    .digest('hex')
  const stampFile = path.join(outFolder, '.stamp')
  if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp) return
  fs.mkdirSync(outFolder, { recursive: true })
  const schemas = Object.fromEntries(
    Object.keys(parts).map((name, i) => [name, withoutLocalReferences(JSON.parse(texts[i] ?? ''))]),
  )
  const canonical = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutAliases(schema)]))
  write('validators.js', await validators(canonical))
  write('validators.d.ts', validatorTypes())
  write('types.ts', await types(canonical))
  write('keys.ts', keys(schemas))
  write('.stamp', stamp)
}

/** The schema of a check as the kinds of checks make it: a line for each key. */
export async function checkSchemaText() {
  const bundled = await build({
    entryPoints: [path.join(root, 'src/check-kinds/schema.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    write: false,
    logLevel: 'warning',
  })
  const code = Buffer.from(bundled.outputFiles[0].contents).toString('base64')
  const module = await import(`data:text/javascript;base64,${code}`)
  const { properties, ...rest } = module.checkSchema()
  const note = { $comment: 'Written by tools/generate.mjs from src/check-kinds.' }
  const lines = Object.entries({ ...note, ...rest, properties }).map(([key, value]) =>
    key === 'properties' || key === '$defs'
      ? `  "${key}": {\n${Object.entries(value)
          .map(([name, one]) => `    ${JSON.stringify(name)}: ${JSON.stringify(one)}`)
          .join(',\n')}\n  }`
      : `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  )
  return `{\n${lines.join(',\n')}\n}\n`
}

/** By rename, so that a build running beside this one never reads half a file. */
function write(name, text) {
  const target = path.join(outFolder, name)
  fs.writeFileSync(`${target}.${process.pid}`, text)
  fs.renameSync(`${target}.${process.pid}`, target)
}

/** Every node of a schema, rebuilt by `change` from the inside out. */
function mapNodes(node, change) {
  if (Array.isArray(node)) return node.map(item => mapNodes(item, change))
  if (node === null || typeof node !== 'object') return node
  return change(
    Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, key === 'default' ? value : mapNodes(value, change)]),
    ),
  )
}

function withoutLocalReferences(schema) {
  const { $defs: definitions = {}, ...rest } = schema
  return mapNodes(rest, ({ $ref: reference, ...node }) => {
    if (typeof reference !== 'string') return reference === undefined ? node : { $ref: reference, ...node }
    if (!reference.startsWith('#/$defs/')) return { $ref: reference, ...node }
    return { ...definitions[reference.slice('#/$defs/'.length)], ...node }
  })
}

/** As it is after normalising: keys are replaced by what they are an alias of before anything is validated. */
function withoutAliases(schema) {
  return mapNodes(schema, node =>
    node.properties === undefined
      ? node
      : {
          ...node,
          properties: Object.fromEntries(
            Object.entries(node.properties).filter(([, property]) => property['x-alias-of'] === undefined),
          ),
        },
  )
}

async function validators(schemas) {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    strictSchema: false,
    allowUnionTypes: true,
    messages: false,
    code: { esm: true, source: true, optimize: 2 },
  })
  for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(withoutNotes(schema), name)
  const code = standalone(ajv, Object.fromEntries(Object.entries(parts).map(([name, validator]) => [validator, name])))
  const bundled = await build({
    stdin: { contents: code, resolveDir: root, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    write: false,
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
  })
  return `// Generated from schemas/ by tools/generate.mjs.\n${withoutCopies(bundled.outputFiles[0].text)}`
}

/**
 * Ajv copies all errors so far for each element of a list that has some, which takes minutes where thousands have. The
 * list that they are added to here is the one that the check of the first such element made, and that nobody reads
 * afterwards.
 */
function withoutCopies(code) {
  const joined = code.replaceAll(/vErrors\.concat\((validate\d+)\.errors\)/g, 'joinErrors(vErrors,$1.errors)')
  if (joined === code || joined.includes('.concat('))
    throw new Error('the compiled checks join their errors in another way than tools/generate.mjs knows')
  return `function joinErrors(all,more){for(const error of more)all.push(error);return all}\n${joined}`
}

/** Only what decides: what is meant for people would double the size of the compiled checks. */
const withoutNotes = schema =>
  mapNodes(schema, node =>
    Object.fromEntries(
      Object.entries(node).filter(
        ([key, value]) => typeof value === 'object' || !/^(description|title|deprecated|x-.*|default)$/.test(key),
      ),
    ),
  )

function validatorTypes() {
  return `// Generated from schemas/ by tools/generate.mjs.
/** One finding of a validator: what rule, where (a JSON pointer), and the rule's parameters. */
export interface SchemaError {
  readonly keyword: string
  readonly instancePath: string
  readonly schemaPath: string
  readonly params: Readonly<Record<string, unknown>>
}
/** True when the value fits the schema. Otherwise \`errors\` holds all findings until the next call. */
export interface Validator {
  (value: unknown): boolean
  errors?: readonly SchemaError[] | null
}
${Object.values(parts)
  .map(name => `export declare const ${name}: Validator`)
  .join('\n')}
`
}

async function types(schemas) {
  const [main, ...others] = Object.keys(parts)
  // A reference stands alone here: with a description beside it, each use would become a type of its own.
  const inOne = name => {
    const schema = { ...schemas[name] }
    delete schema.$id
    delete schema.$schema
    return mapNodes(schema, node => (typeof node.$ref === 'string' ? { $ref: `#/$defs/${node.$ref}` } : node))
  }
  const combined = { ...inOne(main), $defs: Object.fromEntries(others.map(name => [name, inOne(name)])) }
  return compile(combined, 'WrittenConfig', {
    bannerComment: '// Generated from schemas/ by tools/generate.mjs.',
    additionalProperties: false,
    format: false,
  })
}

/**
 * The key tables as TypeScript: one constant for each schema, the smaller ones first so that the larger can name them.
 */
function keys(schemas) {
  const names = {
    'agent.schema.json': 'configKeys',
    'service.schema.json': 'serviceKeys',
    'check.schema.json': 'checkKeys',
    'watch.schema.json': 'watchKeys',
  }
  const constants = ['check.schema.json', 'service.schema.json', 'watch.schema.json', 'agent.schema.json'].map(
    file =>
      `export const ${names[file]}: KeyNode = ${source(keyNode(schemas[file], schemas[file]['x-noun']), names)}\n`,
  )
  return `// Generated from schemas/ by tools/generate.mjs.
/** What the schemas say about one key. */
export interface KeyNode {
  /**
   * \`object\` has \`keys\`; \`map\` has keys of the user's choice with \`item\` values; \`list\` has \`item\` values.
   */
  readonly kind: 'scalar' | 'list' | 'object' | 'map'
  /** JSON types that are allowed. */
  readonly types: readonly string[]
  /** How an object is called in messages: "a check". */
  readonly noun: string
  readonly keys?: Readonly<Record<string, KeyNode>>
  readonly item?: KeyNode
  readonly format?: string
  readonly values?: readonly string[]
  readonly limits?: Readonly<Record<string, number>>
  readonly default?: unknown
  /** Dotted path of the key that this one is another spelling of: from the root of the file, or a sibling. */
  readonly aliasOf?: string
  /** What an alias's text is put behind to make the list that its target takes. */
  readonly aliasPrefix?: readonly string[]
  /** What to use instead. */
  readonly deprecated?: string
  /** Whether a new value applies at once. */
  readonly reload?: 'live' | 'restart'
  /** Accepted, but without effect in this version; the text says why, where there is more to say. */
  readonly noEffect?: string
  /** Names a file that must exist. */
  readonly namesFile?: boolean
}

${constants.join('\n')}`
}

function keyNode(schema, noun) {
  if (schema.$ref !== undefined) return { $ref: schema.$ref }
  const allowed = [schema.type].flat()
  const node = { kind: kindOf(schema, allowed), types: allowed, noun: schema['x-noun'] ?? noun }
  if (schema.properties !== undefined)
    node.keys = Object.fromEntries(
      Object.entries(schema.properties).map(([key, property]) => [key, keyNode(property, key)]),
    )
  const item =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined)
  if (item !== undefined) node.item = keyNode(item, noun)
  const limits = Object.fromEntries(
    ['minimum', 'maximum', 'minLength'].filter(name => schema[name] !== undefined).map(name => [name, schema[name]]),
  )
  if (Object.keys(limits).length > 0) node.limits = limits
  const plain = {
    format: schema['x-format'],
    values: schema.enum ?? schema['x-values'],
    default: schema.default,
    aliasOf: schema['x-alias-of'],
    aliasPrefix: schema['x-alias-prefix'],
    deprecated: schema['x-deprecated'],
    reload: schema['x-reload'],
    noEffect: schema['x-effect'] === 'none' ? (schema['x-effect-note'] ?? '') : undefined,
    namesFile: schema['x-file'],
  }
  return { ...node, ...Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) }
}

function kindOf(schema, allowed) {
  if (schema.properties !== undefined) return 'object'
  if (allowed.includes('object')) return 'map'
  return allowed.includes('array') && allowed.length === 1 ? 'list' : 'scalar'
}

/** A value as source text; a reference to another schema becomes the name of its constant. */
function source(value, names) {
  if (Array.isArray(value)) return `[${value.map(item => source(item, names)).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (typeof value.$ref === 'string') return names[value.$ref]
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${source(item, names)}`)
    .join(', ')}}`
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(path.join(schemasFolder, checkSchema), await checkSchemaText())
  await generate()
}
