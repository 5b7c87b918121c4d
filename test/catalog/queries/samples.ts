import type { QueryData, ServiceQuery } from '../../../src/catalog/index.js'

/** A query's service part from what a test cares about. */
export const serviceQuery = (given: Partial<ServiceQuery> = {}): ServiceQuery => ({
  service: 'web',
  failover: { nearestN: 0, datacenters: null },
  onlyPassing: false,
  ignoreCheckIds: null,
  near: '',
  tags: null,
  nodeMeta: null,
  serviceMeta: null,
  connect: false,
  ...given,
})

interface Given extends Partial<Omit<QueryData, 'template' | 'service'>> {
  readonly template?: Partial<QueryData['template']>
  readonly service?: Partial<ServiceQuery>
}

/** A query from what a test cares about; `template: {}` makes it one. */
export const queryData = ({ template, service, ...given }: Given): QueryData => ({
  id: '11111111-0000-4000-8000-000000000000',
  name: '',
  session: '',
  token: '',
  ttl: '',
  template: {
    type: template === undefined ? '' : 'name_prefix_match',
    regexp: '',
    removeEmptyTags: false,
    ...template,
  },
  service: serviceQuery(service),
  ...given,
})

/** The id of a numbered query. */
export const queryId = (number: number): string => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`
