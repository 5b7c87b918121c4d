import { nearest } from '../../../common/nearest.js'
import { quote } from '../../read/finding.js'
import type { Entry } from './entries.js'
import { steps, TemplateFault } from './steps.js'

/** What a template gives for the addresses of a machine; '' when it finds none. */
export type Template = (entries: readonly Entry[]) => string

interface Call {
  readonly name: string
  readonly args: readonly string[]
}

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|([+-]?\d+)|([A-Za-z_]\w*)|(\|)|(\S))/y

/** Most letters of a template: it is a line of a file. */
const maxTemplateLength = 2000

/**
 * Understands what stands between `{{` and `}}`: one function that gives a text, or one that gives interfaces and
 * others behind `|`, the last of which gives a text. @throws TemplateFault
 */
export function compileTemplate(source: string): Template {
  const calls = read(source.slice(0, maxTemplateLength))
  const first = calls[0]
  if (first === undefined) throw new TemplateFault('the template {{ }} is empty', 'write e.g. {{ GetPrivateIP }}')
  let entries = (all: readonly Entry[]): readonly Entry[] => all
  for (const [i, call] of calls.entries()) {
    const step = steps.get(call.name) ?? unknown(call.name)
    const [one = '', two = ''] = call.args
    if (call.args.length !== step.takes)
      throw new TemplateFault(
        `${call.name} takes ${countOf(step.takes)}, found ${call.args.length}`,
        'write each in double quotes, with blanks between them',
      )
    const begins = step.kind === 'source' || step.kind === 'whole'
    if (begins !== (i === 0))
      throw new TemplateFault(
        begins ? `${call.name} begins a template` : `${call.name} stands behind "|"`,
        'write e.g. {{ GetPrivateInterfaces | sort "default" | attr "address" }}',
      )
    if (step.kind === 'whole' || step.kind === 'text') {
      if (i < calls.length - 1)
        throw new TemplateFault(
          `${call.name} gives a text, behind which nothing more can stand`,
          `remove what follows ${call.name}`,
        )
      const before = entries
      const give = step.make(one, two)
      return all => give(before(all))
    }
    const before = entries
    const filter = step.make(one, two)
    entries = all => filter(before(all))
  }
  throw new TemplateFault('the template gives interfaces and no text', 'add | attr "address", or | join "address" " "')
}

const countOf = (arguments_: number): string =>
  arguments_ === 0 ? 'no argument' : arguments_ === 1 ? 'one argument' : `${arguments_} arguments`

function unknown(name: string): never {
  const near = nearest(name, [...steps.keys()])
  throw new TemplateFault(
    `${quote(name)} is no function of templates`,
    near === undefined ? `the functions are ${[...steps.keys()].join(', ')}` : `did you mean ${near}?`,
  )
}

function read(source: string): readonly Call[] {
  const calls: { name: string; args: string[] }[] = []
  let open: { name: string; args: string[] } | undefined
  token.lastIndex = 0
  const text = source.trimEnd()
  while (token.lastIndex < text.length) {
    const [, quoted, raw, number, name, bar, other] = token.exec(text) ?? []
    if (bar !== undefined && open !== undefined) open = undefined
    else if (name !== undefined && open === undefined) calls.push((open = { name, args: [] }))
    else if (open !== undefined && other === undefined && bar === undefined && name === undefined)
      open.args.push(quoted?.replace(/\\(.)/g, '$1') ?? raw ?? number ?? '')
    else
      throw new TemplateFault(
        `the template does not make sense at ${quote(name ?? bar ?? other ?? quoted ?? raw ?? number ?? '')}`,
        'write functions with "|" between them, and their arguments in double quotes',
      )
  }
  if (calls.length > 0 && open === undefined)
    throw new TemplateFault('the template ends behind "|"', 'add | attr "address", or remove the "|"')
  return calls
}
