import { isTexts } from '../common/accepts.js'
import type { KindOf, Timed } from './kind.js'
import { timed, timedKept } from './options.js'

/** What a check of the kind `script` does. */
export interface ScriptOptions extends Timed {
  readonly type: 'script'
  readonly args: readonly string[]
}

/** Scripts have longer than other checks: they often ask something else in turn. */
const scriptTimeout = 30_000

const noArgs: readonly never[] = Object.freeze([])

/** Runs a program on this machine. */
export const script: KindOf<ScriptOptions> = {
  name: 'script',
  targets: ['args'],
  keys: {
    args: {
      value: 'texts',
      description:
        'Script check: program and arguments, run without a shell. Exit 0 passes, 1 warns, others are critical. Needs `enable_local_script_checks`.',
      api: ['ScriptArgs', 'script_args', 'Args'],
    },
    scriptargs: { value: 'texts', description: 'Another spelling of `args`.', aliasOf: 'args' },
    script: {
      value: 'text',
      description: 'Old spelling of `args`.',
      aliasOf: 'args',
      schema: { 'deprecated': true, 'x-deprecated': 'use args', 'x-alias-prefix': ['/bin/sh', '-c'] },
    },
  },
  polled: true,
  startsProgram: true,
  isAsked: says => says('args') && !says('docker_container_id'),
  options: written => ({ type: 'script', args: written.args ?? noArgs, ...timed(written, scriptTimeout) }),
  kept: { args: isTexts, ...timedKept },
}
