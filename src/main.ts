import { dispatch } from './cli/dispatch.js'
import { processIo } from './cli/io.js'

// A reader that went away (`muster monitor | head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

process.exitCode = await dispatch(process.argv.slice(2), processIo())
