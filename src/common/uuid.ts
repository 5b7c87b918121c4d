const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Whether a text is a UUID as it is usually written, in small or capital letters. */
export const isUuid = (text: string): boolean => form.test(text)
