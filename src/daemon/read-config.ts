import os from 'node:os'
import { noPersistence, type InitialLoad, type Persistence } from '../agent/index.js'
import type { Clock } from '../common/clock.js'
import { MusterError } from '../common/errors.js'
import { flagIsSet, flagValue, type ParsedFlags } from '../common/flags.js'
import {
  configPaths,
  ConfigSource,
  machineInterfaces,
  type ConfigFormat,
  type ConfigLoad,
  type LastGoodStore,
  type Settings,
} from '../config/index.js'
import type { Logger } from '../telemetry/index.js'
import { openDataDir } from './data-dir.js'
import { readHistory } from './history.js'

/** The configuration that an agent starts with, and what it keeps in its data-dir. */
export interface StartConfig {
  readonly source: ConfigSource
  readonly initial: InitialLoad
  readonly settings: Settings
  readonly persistence: Persistence
  readonly paths: readonly string[]
  readonly format: ConfigFormat | undefined
  /**
   * Tells the source, once there is an agent, which services exist without a file: checks in files may belong to them.
   */
  knownServices(ids: () => Iterable<string>): void
}

/**
 * Reads the configuration for a start. Last good contents are in the data-dir, and where that is may be written in the
 * files: then the files are read once to find out.
 * @throws MusterError CONFIG_REFUSED carrying the load, when an agent may not start with it; DATA_DIR.
 */
export function readStartConfig(flags: ParsedFlags, clock: Clock, log: Logger): StartConfig {
  const format = configFormat(flagValue(flags, 'config-format'))
  const paths = configPaths(flags)
  const at = clock.now()
  const begun = clock.monotonic()
  let known: () => Iterable<string> = () => []
  const open = (lastGood: LastGoodStore): ConfigSource =>
    new ConfigSource({
      paths,
      flags,
      hostname: os.hostname(),
      interfaces: machineInterfaces,
      lastGood,
      knownServices: () => known(),
      history: readHistory,
      ...(format !== undefined && { format }),
    })
  const late = new LateLastGood()
  let source = open(late)
  let load = source.load()
  const dataDir = flagIsSet(flags, 'dev')
    ? ''
    : (load.settings?.dataDir ?? flagValue(flags, 'data-dir') ?? 'muster-data')
  const persistence = dataDir === '' ? noPersistence() : openDataDir(dataDir, clock, log)
  const registered = isClean(load) ? [] : persistence.restore().services.map(({ id }) => id)
  known = () => registered
  if (!isClean(load) && (persistence.lastGood.all().length > 0 || registered.length > 0)) {
    source = open(persistence.lastGood)
    load = source.load()
  } else {
    late.become(persistence.lastGood)
  }
  if (!load.mayStart || load.settings === undefined) {
    void persistence.discard()
    throw new ConfigRefused(load)
  }
  return {
    source,
    settings: load.settings,
    persistence,
    paths,
    format,
    initial: { load, at, took: clock.monotonic() - begun },
    knownServices: ids => {
      known = ids
    },
  }
}

/** The configuration is not one that an agent may start with. */
export class ConfigRefused extends MusterError {
  constructor(readonly load: ConfigLoad) {
    super('CONFIG_REFUSED', 'the configuration has errors', {
      hint: 'nothing was started; mend the places named above, "muster validate" checks them without an agent',
    })
  }
}

/**
 * Whether a load makes no use of what is remembered: nothing is wrong, and no file is empty, for which its last content
 * would stand in.
 */
const isClean = (load: ConfigLoad): boolean =>
  load.settings !== undefined
  && load.diagnostics.every(({ severity, code }) => severity !== 'error' && code !== 'empty-file')

function configFormat(text: string | undefined): ConfigFormat | undefined {
  if (text === undefined || text === 'json' || text === 'hcl') return text
  throw new MusterError('USAGE', `-config-format: "${text}" is not known`, { hint: 'json and hcl are allowed' })
}

/** Gathers what is to be remembered until it is known where, so that a first start reads its files once only. */
class LateLastGood implements LastGoodStore {
  #gathered: Map<string, string | undefined> | undefined = new Map()
  #store: LastGoodStore | undefined

  all(): readonly { path: string; text: string }[] {
    return []
  }

  set(path: string, text: string | undefined): void {
    if (this.#store === undefined) this.#gathered?.set(path, text)
    else this.#store.set(path, text)
  }

  /** Hands over to the real one; files it remembers and nobody set any more are forgotten. */
  become(store: LastGoodStore): void {
    this.#store = store
    const known = new Map(store.all().map(({ path, text }) => [path, text]))
    for (const path of known.keys()) if (!this.#gathered?.has(path)) store.set(path, undefined)
    for (const [path, text] of this.#gathered ?? []) if (known.get(path) !== text) store.set(path, text)
    this.#gathered = undefined
  }
}
