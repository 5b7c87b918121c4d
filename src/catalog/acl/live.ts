import type { CatalogReads } from '../api.js'
import type { TokenData } from './types.js'

/**
 * Whether a token still counts: it has not expired, and the auth method that it comes from is still the one it came
 * from. Those that do not are deleted a little later.
 * @param now in ms since 1970
 */
export const isLive = (
  { authMethods }: Pick<CatalogReads, 'authMethods'>,
  { expirationTime, login }: TokenData,
  now: number,
): boolean =>
  (expirationTime === undefined || expirationTime > now)
  && (login === undefined || authMethods.get(login.method)?.instance === login.instance)
