import { foundAutopilot, setAutopilot, type Catalog } from '../../catalog/index.js'
import type { ConfigurationStore } from '../formation/autopilot/index.js'
import type { AutopilotConfiguration } from '../types.js'

/** Autopilot's configuration as the catalog keeps it. `initial` is what the settings say. */
export const catalogConfiguration = (catalog: Catalog, initial: AutopilotConfiguration): ConfigurationStore => ({
  initial,
  read: async () => {
    await catalog.barrier()
    return catalog.autopilot.get()
  },
  write: async (configuration, cas) =>
    (await catalog.execute(cas === 0 ? foundAutopilot(configuration) : setAutopilot(configuration, cas))).result,
})
