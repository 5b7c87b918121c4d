import { closeAfterJob, go, halt, leave, run, type Row } from './transition.js'

export const moving: Row<'moving'> = {
  'address-announced': ({ cluster }) =>
    go({ phase: 'resuming', cluster }, { do: 'tell-addresses' }, run({ do: 'resume' })),
  'failed': halt,
  leave,
  'close': closeAfterJob,
}
