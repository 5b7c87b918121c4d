/** The bytes that a text stands for in base64, with its padding and nothing else; undefined when it is none. */
export const decodeBase64 = (text: string): Buffer | undefined =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
