import { sameData } from '../../common/plain-data.js'
import type { Command } from '../api.js'
import { autopilotKey } from '../keys.js'
import { encodeAutopilot } from '../members/member-codec.js'
import type { AutopilotConfiguration } from '../../common/autopilot.js'
import { drafted } from './draft.js'

/**
 * Sets autopilot's configuration; with `cas` only if it was last changed at that revision (0: if there is none). The
 * result tells whether it stands now. Written only when it differs.
 */
export const setAutopilot =
  (configuration: AutopilotConfiguration, cas?: number): Command<boolean> =>
  state =>
    drafted(draft => {
      const standing = state.autopilot.get()
      if (cas !== undefined) {
        if ((standing?.modified ?? 0) !== cas) return false
        draft.relyOnKey(autopilotKey, standing?.modified)
      }
      if (standing === undefined || !sameData(standing.configuration, configuration))
        draft.put(autopilotKey, encodeAutopilot(configuration))
      return true
    })(state)

/**
 * Sets autopilot's configuration if there is none yet, as the first server does. The result tells whether it was
 * written.
 */
export const foundAutopilot =
  (configuration: AutopilotConfiguration): Command<boolean> =>
  state =>
    drafted(draft => {
      if (state.autopilot.get() !== undefined) return false
      draft.relyOnKey(autopilotKey, undefined)
      draft.put(autopilotKey, encodeAutopilot(configuration))
      return true
    })(state)
