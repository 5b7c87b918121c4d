import { dispatch } from './cli/dispatch.js'
import { processIo } from './cli/io.js'

// A closed pipe (`muster monitor | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

process.exitCode = await dispatch(process.argv.slice(2), processIo())
