import { closeAfterJob, leave, searchAgain, serve, type Row } from './transition.js'

export const founding: Row<'founding'> = {
  founded: (_, event) => serve(event),
  // The server has already decided to found. Repeat the founding, since the promises it holds keep others from
  // founding.
  failed: searchAgain,
  leave,
  close: closeAfterJob,
}
