import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KnownPeer } from './types.js'

const fileIn = (directory: string): string => join(directory, 'members.json')

/** The members of the own cluster as last seen, kept over restarts; none when there is no such file or it cannot be read. */
export function readMembers(directory: string): readonly KnownPeer[] {
  try {
    const read: unknown = JSON.parse(readFileSync(fileIn(directory), 'utf8'))
    return Array.isArray(read) ? read.filter(isPeer).map(({ name, peerUrls }) => ({ name, peerUrls })) : []
  } catch {
    return []
  }
}

/** Writes the file anew, never in part. */
export function writeMembers(directory: string, members: readonly KnownPeer[]): void {
  const file = fileIn(directory)
  writeFileSync(`${file}.tmp`, `${JSON.stringify(members)}\n`, { mode: 0o600 })
  renameSync(`${file}.tmp`, file)
}

export const forgetMembers = (directory: string): void => { rmSync(fileIn(directory), { force: true }) }

const isPeer = (value: unknown): value is KnownPeer =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' &&
  'peerUrls' in value && Array.isArray(value.peerUrls) && value.peerUrls.every(url => typeof url === 'string')
