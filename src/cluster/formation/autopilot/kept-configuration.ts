import { revision } from '../../../store/index.js'
import type { ConfigurationStore, KeptConfiguration } from './types.js'

/** The configuration in force: the kept one, and what the settings say while there is none. */
export async function configurationInForce(store: ConfigurationStore): Promise<KeptConfiguration> {
  const kept = await store.read()
  if (kept !== undefined) return kept
  await store.write(store.initial, 0)
  // Another server may have written the configuration first.
  return (await store.read()) ?? { configuration: store.initial, created: revision(0), modified: revision(0) }
}
