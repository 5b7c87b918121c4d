/** Required and optional parameters of each watch type, in addition to the common ones. */
export const watchTypes: Readonly<
  Record<string, { readonly required: readonly string[]; readonly optional: readonly string[] }>
> = {
  key: { required: ['key'], optional: ['stale'] },
  keyprefix: { required: ['prefix'], optional: ['stale'] },
  services: { required: [], optional: ['stale'] },
  nodes: { required: [], optional: ['stale'] },
  service: { required: ['service'], optional: ['tag', 'passingonly', 'stale'] },
  checks: { required: [], optional: ['service', 'state', 'stale'] },
  event: { required: [], optional: ['name'] },
  agent_service: { required: ['service_id'], optional: ['stale'] },
}
/** What all types have. */
const common = new Set(['type', 'datacenter', 'token', 'handler_type', 'args', 'handler', 'http_handler_config'])

/** Keys of a watch that its type gives no meaning. */
export function meaninglessKeys(type: string, keys: readonly string[]): readonly string[] {
  const rules = watchTypes[type]
  return rules === undefined
    ? []
    : keys.filter(key => !common.has(key) && !rules.required.includes(key) && !rules.optional.includes(key))
}
