import { lstatSync, readlinkSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** An entry of a directory that decides what a path leads to. The directory is real: no component of it is a link. */
export interface Holder {
  readonly directory: string
  readonly name: string
}

/**
 * What a path leads to, and every entry on the way whose replacement would lead it elsewhere. `real` is undefined where
 * it leads nowhere.
 */
export interface Chain {
  readonly real: string | undefined
  readonly holders: readonly Holder[]
}

/** Links that may lie on one way, as in Linux: more is a circle. */
const maxLinks = 40

/**
 * Follows a path through its symbolic links, each of which may be replaced at any time (`ln -sfn`, the `..data` link of
 * a mounted ConfigMap). `memo` may be shared by calls that belong together, since paths of one directory have most of
 * their way in common.
 */
export function followLinks(path: string, memo = new Map<string, Chain>(), links = 0): Chain {
  const absolute = resolve(path)
  const known = memo.get(absolute)
  if (known !== undefined) return known
  const chain = follow(absolute, memo, links)
  memo.set(absolute, chain)
  return chain
}

function follow(path: string, memo: Map<string, Chain>, links: number): Chain {
  const parentPath = dirname(path)
  if (parentPath === path) return { real: path, holders: [] }
  const parent = followLinks(parentPath, memo, links)
  if (parent.real === undefined) return parent
  const holder = { directory: parent.real, name: basename(path) }
  const here = join(holder.directory, holder.name)
  const target = linkTarget(here)
  if (target === 'missing' || links >= maxLinks) return { real: undefined, holders: [...parent.holders, holder] }
  if (target === 'no link') return { real: here, holders: parent.holders }
  const rest = followLinks(resolve(holder.directory, target.path), memo, links + 1)
  return { real: rest.real, holders: [...parent.holders, holder, ...rest.holders] }
}

function linkTarget(path: string): { readonly path: string } | 'no link' | 'missing' {
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return 'missing'
    return stat.isSymbolicLink() ? { path: readlinkSync(path) } : 'no link'
  } catch {
    // The link was removed in the meantime, or access is denied.
    return 'missing'
  }
}
