export * from './types.js'
export { checkAnyArchive, checkArchive, readArchive, writeArchive, type ArchiveSource } from './archive.js'
export { packTar, type TarFile } from './tar.js'
export { countKv, countRecords, type KvPrefix, type RecordCount } from './count-records.js'
