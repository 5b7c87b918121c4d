/** Whether this is white space or a line end, in JSON5's sense (which is JavaScript's). */
export const isSpace = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(String.fromCharCode(code)))
