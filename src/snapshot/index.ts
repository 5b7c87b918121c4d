export * from './types.js'
export { readArchive, writeArchive } from './archive.js'
export { packTar, unpackTar, type TarFile } from './tar.js'
export { countKv, countRecords, type KvPrefix, type RecordCount } from './count-records.js'
