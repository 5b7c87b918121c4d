import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** How the file of an upload ends: what a killed agent left of such is removed at its next start. */
export const uploadSuffix = '.upload.tmp'

/**
 * Keeps what comes in a file while `use` looks at it, so that it is in memory a piece at a time. When `use` throws, no
 * more is read. The file goes with the call, however it ends.
 * @param folder where the file is made, readable for its owner alone; '': the system's folder for such
 * @param use given the pieces, each written before it is given; and what reads the whole file once they have all come
 */
export async function withUpload<Result>(
  folder: string,
  upload: AsyncIterable<Buffer>,
  use: (pieces: AsyncIterable<Buffer>, file: () => AsyncIterable<Buffer>) => Promise<Result>,
): Promise<Result> {
  const name = path.join(folder === '' ? os.tmpdir() : folder, `muster-${randomUUID()}${uploadSuffix}`)
  const handle = await fs.open(name, 'wx', 0o600)
  try {
    return await use(written(upload, handle), () => createReadStream(name))
  } finally {
    await handle.close()
    await fs.rm(name, { force: true })
  }
}

async function* written(upload: AsyncIterable<Buffer>, handle: fs.FileHandle): AsyncGenerator<Buffer> {
  for await (const piece of upload) {
    await handle.writeFile(piece)
    yield piece
  }
}
