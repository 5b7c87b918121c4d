import { minutes } from '../../common/duration.js'
import type { Command } from '../api.js'
import { encodeEvent } from '../events/event-codec.js'
import type { EventData } from '../events/types.js'
import { eventKey } from '../keys.js'

/** How long an event waits for agents that are away. */
const life = minutes(10)
/** How many events wait at a time, about: four times what an agent keeps. */
const maxWaiting = 1024
/** How many more there may be in between, in any case. */
const leeway = 1024
/**
 * One of so many events clears up for all: if each did, those that are fired at once would all remove the same, and
 * wait for each other.
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
