import { closeAfterJob, leave, searchAgain, serve, type Row } from './transition.js'

export const founding: Row<'founding'> = {
  founded: (_, event) => serve(event),
  // Search again: its record says that it founds, so the search leads back here. No other server may found while it
  // holds their promises.
  failed: searchAgain,
  leave,
  close: closeAfterJob,
}
