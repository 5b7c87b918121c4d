import { MusterError } from '../../../common/errors.js'

/** An invalid filter. Consul answers 500 to these, and the text before the colon is what its clients show. */
export const filterInvalid = (reason: string, hint?: string): MusterError =>
  new MusterError('FILTER_INVALID', `Failed to create boolean expression evaluator: ${reason}`, {
    status: 500,
    ...(hint !== undefined && { hint }),
  })

/** A filter that would keep the agent from its other work. */
export const filterTooCostly = (): MusterError =>
  new MusterError('FILTER_TOO_COSTLY', 'the filter takes too much work', {
    status: 500,
    hint: 'ask for less at once (one service, one node), write fewer alternatives and repetitions, or compare with == and contains',
  })
