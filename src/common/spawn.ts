import { spawn as spawnNode, type ChildProcess, type SpawnOptions as NodeSpawnOptions } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

export type { ChildProcess }

/**
 * How a program is started: its three standard streams are always said, and it never goes through a shell that Node
 * picks.
 */
export type SpawnOptions = Pick<NodeSpawnOptions, 'cwd' | 'env' | 'detached'> & {
  readonly stdio: readonly ['ignore' | 'pipe' | 'inherit', 'pipe' | 'inherit' | number, 'pipe' | 'inherit' | number]
}

/** Descriptors of this process that a program it starts must not get, see {@link hideFromChildren}. */
const hidden = new Set<number>()
/** `/dev/null`, open for as long as anything is hidden. */
let nothing = -1

/**
 * Keeps descriptors from every program that is started from now on, until the function that is returned is called. Node
 * opens its own files and sockets so that they are closed in children; this is for what native code opens otherwise.
 */
export function hideFromChildren(descriptors: readonly number[]): () => void {
  if (hidden.size === 0 && descriptors.length > 0) nothing = openSync('/dev/null', 'r')
  for (const descriptor of descriptors) hidden.add(descriptor)
  return () => {
    let removed = false
    for (const descriptor of descriptors) removed = hidden.delete(descriptor) || removed
    if (removed && hidden.size === 0) closeSync(nothing)
  }
}

/**
 * Starts a program: the one way there is in muster. Where a hidden descriptor would be, the program finds `/dev/null`,
 * open for reading: Node can put a descriptor in another's place in a child, but not close it there, and another
 * process that starts programs before there is anything to hide would cost its memory all day.
 * @throws the system's error, for arguments that no program can be given; else the child's `error` event tells
 */
export function spawn(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawnNode(program, args, { ...options, stdio: withNothing(options.stdio) })
}

function withNothing(stdio: SpawnOptions['stdio']): ('ignore' | 'pipe' | 'inherit' | number)[] {
  const all: ('ignore' | 'pipe' | 'inherit' | number)[] = [...stdio]
  for (const descriptor of hidden) {
    // Holes in the list count as `ignore`: Node leaves those descriptors alone in the child.
    while (all.length <= descriptor) all.push('ignore')
    all[descriptor] = nothing
  }
  return all
}
