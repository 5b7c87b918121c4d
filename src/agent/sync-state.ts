/**
 * When this node's entries are brought to the catalog: `full` compares everything, `pushing` sends what changed here.
 * After a failure the catalog may lack anything, so the state is `behind` until a full comparison succeeded; changes
 * are tried meanwhile (`trying`), because someone may be waiting for them.
 */
export type SyncState = 'idle' | 'full' | 'pushing' | 'behind' | 'trying' | 'stopped'

/**
 * What moves it. `full-due` and `changes-due` that come during work are remembered by the caller and given again
 * afterwards.
 */
export type SyncEvent = 'full-due' | 'changes-due' | 'succeeded' | 'failed' | 'stop'

const stays = (state: SyncState): Readonly<Record<SyncEvent, SyncState>> => ({
  'full-due': state,
  'changes-due': state,
  'succeeded': state,
  'failed': state,
  'stop': 'stopped',
})

const table: Readonly<Record<SyncState, Readonly<Record<SyncEvent, SyncState>>>> = {
  idle: { ...stays('idle'), 'full-due': 'full', 'changes-due': 'pushing' },
  full: { ...stays('full'), succeeded: 'idle', failed: 'behind' },
  pushing: { ...stays('pushing'), succeeded: 'idle', failed: 'behind' },
  behind: { ...stays('behind'), 'full-due': 'full', 'changes-due': 'trying' },
  // The catalog answers again: no reason to wait for the retry.
  trying: { ...stays('trying'), succeeded: 'full', failed: 'behind' },
  stopped: stays('stopped'),
}

/** The state after an event. */
export const next = (state: SyncState, event: SyncEvent): SyncState => table[state][event]

/** States in which something is on its way to the catalog. */
export const isWorking = (state: SyncState): boolean => state === 'full' || state === 'pushing' || state === 'trying'
