/** Control characters written out, so that what comes from outside can neither forge lines nor drive a terminal. */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, char => char === '\n' ? '\\n' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
