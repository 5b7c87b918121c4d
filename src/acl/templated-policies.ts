import { compareText } from '../common/text-order.js'
import { joinDatacenters, nodeRules, serviceRules } from './identities.js'
import { isIdentityName } from './identity-names.js'

/** Rules that are made of a name, known to everybody. */
export interface PolicyTemplate {
  readonly name: string
  readonly description: string
  /** Whether a name has to be given. */
  readonly isNamed: boolean
  /** HCL, with `{{.Name}}` where the name comes. */
  readonly text: string
  /** The JSON schema of what has to be given, '' where nothing is. */
  readonly schema: string
}

/** The use of a template in a token or role. */
export interface TemplatedPolicy {
  readonly template: string
  /** '' where the template takes none. */
  readonly name: string
  /** Where it holds; none: everywhere. */
  readonly datacenters: readonly string[]
}

const variable = '{{.Name}}'

/** The JSON schema of a template that takes a name. */
const nameSchema =
  '{\n\t"type": "object",\n\t"properties": {\n\t\t"name": { "type": "string", "$ref": "#/definitions/min-length-one" }\n\t},\n\t"required": ["name"],\n\t"definitions": {\n\t\t"min-length-one": {\n\t\t\t"type": "string",\n\t\t\t"minLength": 1\n\t\t}\n\t}\n}'

const readAll = (...words: readonly string[]): string =>
  words.map(word => `${word}_prefix "" {\n\tpolicy = "read"\n}`).join('\n')

/** The templates of Consul 1.18, by name. */
export const policyTemplates: ReadonlyMap<string, PolicyTemplate> = new Map(
  [
    {
      name: 'builtin/api-gateway',
      description: 'Lets an API gateway of the mesh register itself and find services',
      isNamed: true,
      text: `mesh = "read"\n${readAll('node', 'service')}\nservice "${variable}" {\n\tpolicy = "write"\n}`,
    },
    {
      name: 'builtin/dns',
      description: 'Lets DNS find services, nodes and prepared queries',
      isNamed: false,
      text: readAll('node', 'service', 'query'),
    },
    { name: 'builtin/node', description: 'Lets an agent register its node', isNamed: true, text: nodeRules(variable) },
    {
      name: 'builtin/nomad-client',
      description: 'Lets a Nomad client register services and read keys',
      isNamed: false,
      text: `${readAll('agent', 'node')}\nservice_prefix "" {\n\tpolicy = "write"\n}\n${readAll('key')}`,
    },
    {
      name: 'builtin/nomad-server',
      description: 'Lets a Nomad server register services and make tokens',
      isNamed: false,
      text: `acl = "write"\n${readAll('agent', 'node')}\nservice_prefix "" {\n\tpolicy = "write"\n}`,
    },
    {
      name: 'builtin/service',
      description: 'Lets a service register itself and find others',
      isNamed: true,
      text: serviceRules(variable),
    },
  ].map(template => [template.name, { ...template, schema: template.isNamed ? nameSchema : '' }]),
)

/** The rules that a template stands for with a name. The use must be without fault. */
export const templateRules = ({ template, name }: TemplatedPolicy): string =>
  (policyTemplates.get(template)?.text ?? '').replaceAll(variable, () => name)

/** What is wrong with the use of a template, in Consul's words as far as they are known; undefined when nothing is. */
export function templatedPolicyFault(
  { template: templateName, name, datacenters }: TemplatedPolicy,
  holder: 'token' | 'role',
  isLocal: boolean,
): string | undefined {
  if (templateName === '') return `templated policy is missing the template name field on this ${holder}`
  const template = policyTemplates.get(templateName)
  if (template === undefined) return `no such ACL templated policy with Name ${JSON.stringify(templateName)}`
  const invalid = `validation error for templated policy: ${JSON.stringify(templateName)}`
  if (template.isNamed && name === '') return `${invalid} takes a name`
  if (!template.isNamed && name !== '') return `${invalid} takes no name`
  if (template.isNamed && !isIdentityName(name))
    return `${invalid} has an invalid name. Only alphanumeric characters, '-' and '_' are allowed`
  if (isLocal && datacenters.length > 0) return `${invalid} cannot specify a list of datacenters on a local token`
  return undefined
}

/** Uses of templates by template and name, each once, with their datacenters joined. */
export function joinTemplatedPolicies(uses: readonly TemplatedPolicy[]): readonly TemplatedPolicy[] {
  const joined = new Map<string, TemplatedPolicy>()
  for (const use of uses) {
    const key = `${use.template}\0${use.name}`
    joined.set(key, { ...use, datacenters: joinDatacenters(joined.get(key)?.datacenters, use.datacenters) })
  }
  return [...joined.values()].sort((a, b) => compareText(a.template, b.template) || compareText(a.name, b.name))
}
