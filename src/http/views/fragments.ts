import {
  localPerspective,
  type Check,
  type Instance,
  type Node,
  type Perspective,
  type Service,
} from '../../catalog/index.js'
import { catalogServiceView, checkView, nodeServiceView, nodeView } from './catalog-views.js'

/**
 * JSON of catalog entries, kept as long as the entry lives: entries are replaced and never changed, so one change among
 * a thousand instances serialises one instance again.
 */
export class Fragments {
  readonly #datacenter: string
  readonly #seen: Perspective
  readonly #nodes = new WeakMap<Node, string>()
  readonly #services = new WeakMap<Service, string>()
  readonly #checks = new WeakMap<Check, string>()
  readonly #catalogServices = new WeakMap<Service, { readonly node: Node; readonly json: string }>()

  constructor(datacenter: string, seen: Perspective = localPerspective) {
    this.#datacenter = datacenter
    this.#seen = seen
  }

  /** {@link nodeView} */
  node(node: Node): string {
    return kept(this.#nodes, node, () => nodeView(this.#seen.node(node), this.#datacenter))
  }

  /** {@link nodeServiceView} */
  service(service: Service): string {
    return kept(this.#services, service, () => nodeServiceView(this.#seen.service(service)))
  }

  /** {@link checkView} */
  check(check: Check): string {
    return kept(this.#checks, check, () => checkView(check))
  }

  /** {@link catalogServiceView} */
  catalogService(instance: Instance): string {
    const known = this.#catalogServices.get(instance.service)
    if (known?.node === instance.node) return known.json
    const { node, service } = instance
    const json = JSON.stringify(
      catalogServiceView({ node: this.#seen.node(node), service: this.#seen.service(service) }, this.#datacenter),
    )
    this.#catalogServices.set(service, { node, json })
    return json
  }

  /** {@link healthEntryView} */
  healthEntry({ node, service, checks }: Instance): string {
    return `{"Node":${this.node(node)},"Service":${this.service(service)},"Checks":[${checks.map(check => this.check(check)).join(',')}]}`
  }
}

function kept<Entry extends object>(known: WeakMap<Entry, string>, entry: Entry, view: () => object): string {
  let text = known.get(entry)
  if (text === undefined) {
    text = JSON.stringify(view())
    known.set(entry, text)
  }
  return text
}
