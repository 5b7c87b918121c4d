/** Record types that muster reads or writes, by their numbers on the wire (RFC 1035, 2782, 3596, 6891). */
export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  AXFR: 252,
  ANY: 255,
} as const

/** Record classes. Everything in the zone is IN; a question may say ANY. */
export const recordClass = { IN: 1, ANY: 255 } as const

/** Response codes. BADVERS (16) needs an OPT record to carry its upper bits. */
export const rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const

/** Bits of the header's second word. */
export const headerFlag = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
} as const

/** The header's opcode bits; only 0, a standard query, is answered. */
export const opcodeMask = 0x7800

/** Bytes of a header. */
export const headerSize = 12
/** Bytes of an OPT record without options: root name, type, size, extended flags, length. */
export const optSize = 11
/** The largest UDP answer to a client that does not speak EDNS (RFC 1035). */
export const plainUdpSize = 512
/** Option code of the EDNS client subnet (RFC 7871). */
export const clientSubnetOption = 8
