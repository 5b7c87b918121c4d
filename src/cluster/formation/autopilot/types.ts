import type { Revision } from '../../../store/index.js'
import type { AutopilotConfiguration } from '../../types.js'

/** Autopilot's configuration as the catalog keeps it. */
export interface KeptConfiguration {
  readonly configuration: AutopilotConfiguration
  readonly created: Revision
  readonly modified: Revision
}

/** Where autopilot's configuration is kept, for all servers. */
export interface ConfigurationStore {
  /** The configuration from the settings: written when the cluster has none yet, and used until then. */
  readonly initial: AutopilotConfiguration
  /** Undefined when nothing was ever written. */
  read(): Promise<KeptConfiguration | undefined>
  /**
   * With `cas` only when it was last changed at that revision, 0: when there is none. Resolves whether it was written.
   */
  write(configuration: AutopilotConfiguration, cas?: number): Promise<boolean>
}
