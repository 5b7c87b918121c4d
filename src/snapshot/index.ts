export * from './types.js'
export { checkArchive, readArchive, writeArchive, type ArchiveSource } from './archive.js'
export { packTar, type TarFile } from './tar.js'
export { countKv, countRecords, type KvPrefix, type RecordCount } from './count-records.js'
