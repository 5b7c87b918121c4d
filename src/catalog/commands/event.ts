import { minutes } from '../../common/duration.js'
import type { Command } from '../api.js'
import { encodeEvent } from '../events/codec.js'
import type { EventData } from '../events/types.js'
import { eventKey } from '../keys.js'

/** How long an event waits for agents that are away. */
const life = minutes(10)
/** Most events that wait at a time: four times what an agent keeps. */
const most = 1024

/** Fires an event. The oldest give way when there are too many. */
export const fireEvent = (event: EventData): Command<undefined> => state => {
  const waiting = state.events()
  const surplus = waiting.slice(0, Math.max(0, waiting.length + 1 - most))
  return {
    when: [],
    then: [{ kind: 'put', key: eventKey(event.id), value: encodeEvent(event), ttl: life }, ...surplus.map(({ id }) => ({ kind: 'delete' as const, key: eventKey(id) }))],
    result: undefined,
  }
}
