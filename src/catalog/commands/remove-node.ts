import type { Command } from '../api.js'
import { drafted } from './draft.js'

/**
 * Removes a node with everything on it: an agent that left, or one that failed long ago. With `id`, only when the name
 * still belongs to the node of that id, so that a successor of the same name is safe. The result tells whether there
 * was such a node.
 */
export const removeNode = (node: string, id?: string): Command<boolean> =>
  drafted(draft => {
    const found = draft.nodeNamed(node)
    if (found === undefined || (id !== undefined && found.id.toLowerCase() !== id.toLowerCase())) return false
    draft.deleteNode(found)
    return true
  })
