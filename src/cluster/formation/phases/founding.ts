import { closeAfterJob, leave, searchAgain, serve, type Row } from './transition.js'

export const founding: Row<'founding'> = {
  founded: (_, event) => serve(event),
  // It has decided, and the search says so again: nobody else may found with the promises that it holds.
  failed: searchAgain,
  leave,
  close: closeAfterJob,
}
