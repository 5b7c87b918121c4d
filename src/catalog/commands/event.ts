import { minutes } from '../../common/duration.js'
import type { Command } from '../api.js'
import { encodeEvent } from '../events/event-codec.js'
import type { EventData } from '../events/types.js'
import { eventKey } from '../keys.js'

/** How long an event is kept for agents that are disconnected. */
const life = minutes(10)
/** About how many events are kept: four times as many as an agent remembers. */
const maxWaiting = 1024
/** How far the number may exceed that before every event removes old ones. */
const leeway = 1024
/**
 * One in this many events removes old ones. If each did, concurrent events would delete the same keys and conflict.
 */
const turn = 64

/** Fires an event. The oldest give way when there are too many. */
export const fireEvent =
  (event: EventData): Command<undefined> =>
  state => {
    const waiting = state.events.all()
    const tooMany = waiting.length + 1 - maxWaiting
    const clearsUp = tooMany > leeway || Number.parseInt(event.id.slice(-4), 16) % turn === 0
    const surplus = clearsUp ? waiting.slice(0, Math.max(0, tooMany)) : []
    return {
      when: [],
      then: [
        { kind: 'put', key: eventKey(event.id), value: encodeEvent(event), ttl: life },
        ...surplus.map(({ id }) => ({ kind: 'delete' as const, key: eventKey(id) })),
      ],
      result: undefined,
    }
  }
