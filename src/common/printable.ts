/** Control characters, and those that reorder the text around them or break its line. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Whether a text has none of those characters: what must be shown, logged and typed as it is. */
export const isPrintable = (text: string): boolean => text.search(unprintable) === -1

const written = (char: string): string =>
  char === '\n' ? '\\n' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Control characters written out, so that what comes from outside can neither forge lines nor drive a terminal. */
export const printable = (text: string): string => text.replace(unprintable, written)

/** The same for a text of several lines: line ends and tabs stay. */
export const printableLines = (text: string): string =>
  text.replace(unprintable, char => (char === '\n' || char === '\t' ? char : written(char)))
