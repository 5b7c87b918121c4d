/** An address of this machine. */
export interface InterfaceAddress {
  readonly name: string
  readonly address: string
  readonly family: 4 | 6
  /** Bits of its network. Left out: as many as the address has. */
  readonly prefix?: number
  /** The kernel's flags of the interface (netdevice(7)). Left out: it is up. */
  readonly flags?: number
  /** Whether what has no other way leaves through this interface. */
  readonly isDefault?: boolean
}
