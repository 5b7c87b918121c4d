/** Whether a text was written; an empty one counts as left out, as it does for Consul. */
export const filled = (text: string | undefined): text is string => text !== undefined && text !== ''
