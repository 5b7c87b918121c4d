import { MusterError } from '../../common/errors.js'

/** Thrown to end the work on an answer whose client has disconnected. Nothing is sent. */
export const aborted = (how: string): MusterError => new MusterError('HTTP_ABORTED', how, { status: 400 })

/** Whether work was aborted because its client has disconnected. */
export const isAborted = (error: unknown): boolean => error instanceof MusterError && error.code === 'HTTP_ABORTED'
