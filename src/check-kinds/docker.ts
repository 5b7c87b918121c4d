import { isText, isTexts } from '../common/accepts.js'
import { filled } from '../common/filled.js'
import type { KindOf, Timed } from './kind.js'
import { timed, timedKept } from './options.js'

/** What a check of the kind `docker` does. */
export interface DockerOptions extends Timed {
  readonly type: 'docker'
  readonly containerId: string
  /** '' for none. */
  readonly shell: string
  readonly args: readonly string[]
}

const noArgs: readonly never[] = Object.freeze([])

/** Runs a program inside a container. */
export const docker: KindOf<DockerOptions> = {
  name: 'docker',
  targets: ['docker_container_id'],
  keys: {
    docker_container_id: {
      value: 'text',
      description: 'Run `args` inside this container.',
      api: ['DockerContainerID', 'docker_container_id'],
    },
    dockercontainerid: {
      value: 'text',
      description: 'Another spelling of `docker_container_id`.',
      aliasOf: 'docker_container_id',
    },
    shell: { value: 'text', description: 'Shell inside the container.', default: '', api: ['Shell'] },
  },
  polled: true,
  startsProgram: true,
  variantOf: 'script',
  isAsked: says => says('docker_container_id') && says('args'),
  judgeIncomplete({ docker_container_id: container }, findings) {
    if (!filled(container)) return false
    findings.error(
      [],
      'missing-args',
      'the check names a container but no program to run in it',
      'write args: ["/path/to/program"]',
    )
    return true
  },
  options: written => ({
    type: 'docker',
    containerId: written.docker_container_id ?? '',
    shell: written.shell ?? '',
    args: written.args ?? noArgs,
    ...timed(written),
  }),
  kept: { containerId: isText, shell: isText, args: isTexts, ...timedKept },
}
