// Loaded into a test's process that is measured: at its end it writes to descriptor 3 for how many seconds it, and what
// it started and waited for, kept a core busy.
import fs from 'node:fs'

const ticksPerSecond = 100

process.once('exit', () => {
  const fields = fs
    .readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  // utime, stime, cutime and cstime: fields 14 to 17, after the two that are cut off above.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  fs.writeSync(3, String(ticks / ticksPerSecond))
})
