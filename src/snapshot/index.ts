export * from './types.js'
export { checkAnyArchive, checkArchive, readArchive, writeArchive } from './archive.js'
export { packTar, type TarFile } from './tar.js'
export { countKv, countRecords } from './count-records.js'
