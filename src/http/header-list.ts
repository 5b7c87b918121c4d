/** Header names and values in turn, as node's writeHead takes them. */
export type HeaderList = readonly string[]
