import { MusterError } from '../../common/errors.js'

/** Why an operation of a transaction fails; its text is shown in the list of errors. */
export const failure = (what: string): MusterError => new MusterError('TXN_FAILED', what, { status: 409 })

/** A name as Go's %q writes it. */
export const quoted = (text: string): string => JSON.stringify(text)
