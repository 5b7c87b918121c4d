/** Whether two names of nodes, datacenters or the like are one: case does not tell them apart. */
export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
