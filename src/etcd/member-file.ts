import { join } from 'node:path'
import { isText, isTexts } from '../common/accepts.js'
import { removeFileSync, replaceFileSync } from '../common/durable-files.js'
import { isObject } from '../common/plain-data.js'
import { readSmallFile } from '../common/small-files.js'
import type { KnownPeer } from './types.js'

const fileIn = (directory: string): string => join(directory, 'members.json')

/**
 * The members of the own cluster as last seen, kept over restarts; none when there is no such file or it cannot be
 * read.
 */
export function readMembers(directory: string): readonly KnownPeer[] {
  try {
    const read: unknown = JSON.parse(readSmallFile(fileIn(directory)) ?? '[]')
    return Array.isArray(read)
      ? read
          .filter(isPeer)
          .map(({ name, peerUrls, formerUrls }) => ({ name, peerUrls, ...(isTexts(formerUrls) && { formerUrls }) }))
      : []
  } catch {
    return []
  }
}

/** Writes the file again, never in part. */
export function writeMembers(directory: string, members: readonly KnownPeer[]): void {
  replaceFileSync(fileIn(directory), `${JSON.stringify(members)}\n`)
}

/** How many former addresses of a member are kept. */
const maxFormerUrls = 4

/**
 * Members as they are seen now, with where they were when they were seen before. `own` is where this one is, which the
 * others may know before it sees it.
 */
export function withFormer(
  before: readonly KnownPeer[],
  seen: readonly KnownPeer[],
  own: { readonly name: string; readonly peerUrl: string },
): readonly KnownPeer[] {
  return seen.map(({ name, peerUrls }) => {
    const known = before.find(one => one.name === name)
    const past = [
      ...(known?.formerUrls ?? []),
      ...(known?.peerUrls ?? []),
      ...(name === own.name ? [own.peerUrl] : []),
    ].filter(url => !peerUrls.includes(url))
    return { name, peerUrls, ...(past.length > 0 && { formerUrls: [...new Set(past)].slice(-maxFormerUrls) }) }
  })
}

export const forgetMembers = (directory: string): void => {
  removeFileSync(fileIn(directory))
}

const isPeer = (value: unknown): value is KnownPeer => isObject(value) && isText(value.name) && isTexts(value.peerUrls)
