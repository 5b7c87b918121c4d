import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'

/** A directory of its own for a test, by its real path; it goes when the test ends. */
export function temporaryDirectory(t: Test): string {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'muster-test-')))
  t.teardown(() => {
    fs.rmSync(directory, { recursive: true, force: true })
  })
  return directory
}
