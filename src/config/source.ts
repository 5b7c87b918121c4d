import fs from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { flagIsSet } from '../common/flags.js'
import type { ParsedFlags } from '../common/flags.js'
import { aliasCircleWarnings } from './combine/alias-circles.js'
import type { Rules } from './combine/combine.js'
import type { Content } from './read/content.js'
import type { EntryLimits } from './complete/entries.js'
import { FileSet } from './fallback/file-set.js'
import type { WatchTargets } from './fallback/file-set.js'
import { devSettings, flagSettings } from './read/flag-settings.js'
import type { FlagSettings } from './read/flag-settings.js'
import { reportFiles } from './load-report.js'
import type { LoadedFile } from './load-report.js'
import { merge } from './combine/merge.js'
import type { Merged, Source } from './combine/merge.js'
import type { Combination } from './combine/recombine.js'
import { resolve } from './resolve/index.js'
import type { Environment, Resolved } from './resolve/index.js'
import type { InterfaceAddress } from './resolve/interface-address.js'
import type { AgentHistory } from './resolve/mode.js'
import type { Settings } from './settings.js'
import { faultsBetween, firstChoices, giveUp, settle } from './fallback/settle.js'
import type { Choice } from './fallback/settle.js'
import type { ConfigFormat } from './read/syntax/index.js'
import { TrackedFile } from './fallback/tracked-file.js'
import type { LoadTiming } from './fallback/tracked-file.js'
import type { Declared, Diagnostic, Origin } from './types.js'

/** The text that a file held when it was last taken. */
export interface LastGood {
  readonly path: string
  readonly text: string
}

/**
 * Remembers the last good content of each file, over restarts too. `set` is called for each file whose taken content is
 * new, thousands of times in one load at the first start, so it should gather and write later; undefined forgets.
 */
export interface LastGoodStore {
  all(): readonly LastGood[]
  set(path: string, text: string | undefined): void
}

/** What configuration comes from. */
export interface SourceInput {
  /** Files and folders in order, from `configPaths(flags)`. */
  readonly paths: readonly string[]
  /** Read every file as this. */
  readonly format?: ConfigFormat
  /**
   * These files are a part of what an agent reads: what the rest may bring is missed with a warning, and not with an
   * error.
   */
  readonly partial?: boolean
  readonly flags: ParsedFlags
  readonly hostname: string
  /** This machine's addresses, e.g. `machineInterfaces`. Left out: the network is never asked (`validate`). */
  readonly interfaces?: () => readonly InterfaceAddress[]
  readonly lastGood: LastGoodStore
  /** Ids of services that exist without a file, which checks in files may belong to. */
  readonly knownServices?: () => Iterable<string>
  /**
   * Reads the former role of the agent of a data directory. Called once for each directory, since the role does not
   * change while an agent runs. Left out where no role is known, as for `validate`.
   */
  readonly history?: (dataDir: string) => AgentHistory
}

/** The outcome of one load. Frozen in meaning: nothing in it changes later. */
export interface ConfigLoad {
  /**
   * What the agent runs on; the same object while nothing about it changed. Undefined when there never was a good one.
   */
  readonly settings: Settings | undefined
  /** Entries of unchanged files are the same objects as before. */
  readonly declared: Declared
  readonly files: readonly LoadedFile[]
  /** All findings, those of `files` included, in the order of files and lines. */
  readonly diagnostics: readonly Diagnostic[]
  /**
   * Changed HCL files that no longer say something of what runs. It is taken away at `at`, monotonic milliseconds,
   * unless they say it again.
   */
  readonly waiting: readonly { readonly path: string; readonly at: number }[]
  /** The place that sets a dotted key in the settings returned; undefined for defaults and flags. */
  readonly settingOrigin: (key: string) => Origin | undefined
  /** The agent's settings as written are bad, and none of them was taken. */
  readonly settingsRefused: boolean
  /**
   * Whether an agent may start with this: settings are complete, every path is there, and no file is broken unless
   * other files are remembered from before (then this is a restart, and what ran should run again). False also where a
   * script check of a file is not allowed.
   */
  readonly mayStart: boolean
}

interface SettingsState {
  readonly contents: readonly Content[]
  readonly resolved: Resolved
  readonly merged: Merged
}

interface RunningSettings {
  readonly settings: Settings
  readonly merged: Merged
}
interface Judgement {
  readonly load: ConfigLoad
  readonly choices: readonly Choice[]
  readonly combined: Combination
  readonly running: RunningSettings | undefined
}

const defaultOutputSize = 4096
/** For questions whose answer does not depend on limits, as which ids there are. */
const anyLimits: EntryLimits = { checkOutputMaxSize: defaultOutputSize }

/**
 * Reads configuration files, again and again, and says what should run. All reading is synchronous and only of what
 * changed.
 */
export class ConfigSource {
  readonly #input: SourceInput
  readonly #environment: Environment
  readonly #flags: FlagSettings
  readonly #files: FileSet
  readonly #fragments: readonly TrackedFile[]
  readonly #restart: boolean
  #attempt: SettingsState | undefined
  #running: RunningSettings | undefined
  #combined: Combination | undefined
  readonly #choices: Choice[] = []
  #paths = new Set<string>()
  /** The files that {@link #paths} was made of. */
  #remembered: readonly TrackedFile[] | undefined

  constructor(input: SourceInput) {
    this.#input = input
    const stored = new Map(input.lastGood.all().map(({ path, text }) => [path, text]))
    this.#restart = stored.size > 0
    this.#paths = new Set(stored.keys())
    this.#flags = flagSettings(input.flags)
    this.#files = new FileSet(input.paths, input.format, stored)
    const { history } = input
    this.#environment = {
      hostname: input.hostname,
      dev: flagIsSet(input.flags, 'dev'),
      interfaces: input.interfaces,
      kindOf,
      partial: input.partial === true,
      ...(history !== undefined && { history: askedOnce(history) }),
    }
    this.#fragments = (input.flags.values.get('hcl') ?? []).map((text, i) => {
      const file = new TrackedFile(i === 0 ? '-hcl' : `-hcl[${i + 1}]`, 'hcl', undefined)
      file.update(Buffer.from(text))
      return file
    })
  }

  /** What to watch for changes; may be other folders after each load. */
  get watchTargets(): WatchTargets {
    return this.#files.watchTargets
  }

  /**
   * Reads every file that looks different from the last time, or just those at `changed` (paths as the watcher gives
   * them), judges the whole, and says what should run. Never throws for anything that a file holds. The caller is taken
   * to run it: what it says is what a later broken file falls back to, and is remembered as last good. With `now`
   * (monotonic milliseconds) what changed HCL files no longer say is taken away two seconds after their last change
   * only: half an HCL file is a valid one.
   */
  load(changed?: ReadonlySet<string>, now?: number): ConfigLoad {
    const { load, choices, combined, running } = this.#judge(changed, now ?? 'at once')
    this.#running = running
    this.#combined = combined
    this.#remember(choices)
    return load
  }

  /**
   * What `load` would say now, for a caller that does not mean to run it: nothing is remembered, the fallbacks stay.
   */
  preview(): ConfigLoad {
    return this.#judge(undefined, 'preview').load
  }

  #judge(changed: ReadonlySet<string> | undefined, timing: LoadTiming): Judgement {
    const skipped = this.#files.refresh(changed, timing)
    const files = [...this.#files.files, ...this.#fragments]
    for (const file of files) file.decide(timing, anyLimits)
    const limits = { checkOutputMaxSize: this.#outputLimit(files) }
    const choices = firstChoices(files, limits, this.#choices)
    const settled = this.#settleSettings(choices, limits)
    const { settings, merged } = settled.running ?? {}
    const rules = this.#rules(settings?.enableLocalScriptChecks ?? settled.scriptsWritten, files)
    const combined = settle(choices, limits, rules, this.#combined)
    const clean =
      !combined.demoted
      && combined.faults.length === 0
      && choices.every(({ file, content }) => content === file.candidate)
    const faults = clean
      ? []
      : [...combined.faults, ...faultsBetween(files, limits, rules)].map(fault => fault.diagnostic)
    const pathErrors = this.#files.pathErrors
    const { reports, diagnostics } = reportFiles(
      choices,
      limits,
      [
        ...this.#flags.diagnostics,
        ...pathErrors,
        ...this.#files.pathWarnings,
        ...skipped,
        ...settled.diagnostics,
        ...faults,
        ...aliasCircleWarnings(combined.declared),
      ],
      kindOf,
    )
    const mayStart =
      settings !== undefined
      && pathErrors.length === 0
      && !faults.some(fault => fault.code === 'scripts-disabled')
      && (this.#restart || reports.every(report => report.state !== 'refused'))
    return {
      choices,
      combined,
      running: settled.running,
      load: {
        settings,
        declared: combined.declared,
        files: reports,
        diagnostics,
        settingsRefused: settled.refused,
        mayStart,
        waiting: files.flatMap(({ path, settledAt }) => (settledAt === undefined ? [] : { path, at: settledAt })),
        settingOrigin: originsOf(merged),
      },
    }
  }

  /** The agent's own settings: all of them as written, or, when anything is wrong, all of them as they were. */
  #settleSettings(
    choices: readonly Choice[],
    limits: EntryLimits,
  ): {
    running: RunningSettings | undefined
    refused: boolean
    scriptsWritten: boolean
    diagnostics: readonly Diagnostic[]
  } {
    const { resolved, merged } = this.#resolve(choices.map(({ file, content }) => content ?? file.candidate))
    const flagsBad = this.#flags.diagnostics.some(({ severity }) => severity === 'error')
    const broken = choices.some(
      ({ file, content }) => content !== file.candidate && (file.candidate.settings ?? content?.settings) !== undefined,
    )
    const scriptsWritten =
      merged.value.enable_script_checks === true || merged.value.enable_local_script_checks === true
    const { diagnostics } = resolved
    const before = this.#running
    if (resolved.settings !== undefined && !broken && !flagsBad) {
      const same = before !== undefined && isDeepStrictEqual(before.settings, resolved.settings)
      return {
        running: { settings: same ? before.settings : resolved.settings, merged },
        refused: false,
        scriptsWritten,
        diagnostics,
      }
    }
    let complete = true
    for (const choice of choices) {
      const { file, content } = choice
      if (content !== undefined && content.settings === undefined && file.fallback?.settings === undefined) continue
      if (content === file.candidate && content !== file.running && content !== file.fallback) giveUp(choice, limits)
      if (!this.#restart && choice.content === undefined && file.candidate.settings !== undefined) complete = false
    }
    if (before !== undefined || !complete || flagsBad)
      return { running: before, refused: true, scriptsWritten, diagnostics }
    const earlier = this.#resolve(choices.flatMap(({ content }) => content ?? []))
    const running = earlier.resolved.settings && { settings: earlier.resolved.settings, merged: earlier.merged }
    return { running, refused: true, scriptsWritten, diagnostics }
  }

  /** Merges and resolves the settings in some contents; does nothing when they are those of the last time. */
  #resolve(contents: readonly Content[]): SettingsState {
    const relevant = contents.filter(content => content.settings !== undefined)
    const last = this.#attempt
    if (last?.contents.length === relevant.length && relevant.every((content, i) => content === last.contents[i]))
      return last
    const fragments = new Set(this.#fragments.map(fragment => fragment.path))
    const source = (content: Content): Source => ({
      value: content.settings ?? {},
      place: (path, what) => content.place(path, what),
    })
    const merged = merge([
      { value: devSettings(this.#input.flags) },
      { value: this.#flags.first },
      ...relevant.filter(({ file }) => !fragments.has(file)).map(source),
      { value: this.#flags.last },
      ...relevant.filter(({ file }) => fragments.has(file)).map(source),
    ])
    this.#attempt = { contents: relevant, merged, resolved: resolve(merged, this.#environment) }
    return this.#attempt
  }

  /** How much output checks keep is needed to complete them, before settings are settled. */
  #outputLimit(files: readonly TrackedFile[]): number {
    let limit: unknown = defaultOutputSize
    for (const { candidate } of files) limit = candidate.settings?.check_output_max_size ?? limit
    const wanted = this.#flags.last.check_output_max_size ?? limit
    return typeof wanted === 'number' && Number.isInteger(wanted) && wanted > 0 ? wanted : defaultOutputSize
  }

  #rules(scriptsAllowed: boolean, files: readonly TrackedFile[]): Rules {
    const before = this.#combined
    const remembered = new Map<string, RememberedIds>()
    const remembers = (path: string, kind: 'service' | 'check', id: string): boolean => {
      const ids = remembered.get(path) ?? rememberedIds(files.find(file => file.path === path))
      remembered.set(path, ids)
      return ids[kind].has(id)
    }
    let known: ReadonlySet<string> | undefined
    return {
      scriptsAllowed,
      partial: this.#input.partial === true,
      known: () => (known ??= new Set(this.#input.knownServices?.() ?? [])),
      owner: (kind, id, candidates) => {
        if (before !== undefined)
          return kind === 'service' ? before.declared.services.get(id)?.origin.file : before.checkFile(id)
        const having = candidates.filter(path => remembers(path, kind, id))
        return having.length === 1 ? having[0] : undefined
      },
    }
  }

  /** Records the content that runs from now on, and the fallbacks. */
  #remember(choices: readonly Choice[]): void {
    for (const { file, content } of choices) {
      file.running = content
      if (content === undefined || this.#fragments.includes(file) || file.remembers(content.text)) continue
      file.remember(content.text)
      this.#input.lastGood.set(file.path, content.text)
    }
    const keepOthers = this.#files.pathErrors.length > 0
    // Nothing to do when the list of files is the one of the last load.
    if (this.#remembered === this.#files.files) return
    this.#remembered = keepOthers ? undefined : this.#files.files
    const paths = new Set(choices.map(({ file }) => file.path))
    if (!keepOthers) for (const path of this.#paths) if (!paths.has(path)) this.#input.lastGood.set(path, undefined)
    this.#paths = keepOthers ? new Set([...this.#paths, ...paths]) : paths
  }
}

type RememberedIds = Readonly<Record<'service' | 'check', ReadonlySet<string>>>

const noIds: RememberedIds = { service: new Set(), check: new Set() }

/** The ids that a file declared when it was last good. */
function rememberedIds(file: TrackedFile | undefined): RememberedIds {
  const fallback = file?.fallback
  if (file === undefined || fallback?.ok !== true) return noIds
  const { services, checks } = file.contribution(fallback, anyLimits)
  return {
    service: new Set(services.map(({ claim }) => claim.id)),
    check: new Set([
      ...checks.map(({ claim }) => claim.id),
      ...services.flatMap(service => service.checks.map(({ id }) => id)),
    ]),
  }
}

function askedOnce<Answer>(ask: (about: string) => Answer): (about: string) => Answer {
  const answers = new Map<string, Answer>()
  return about => {
    const known = answers.get(about)
    if (known !== undefined) return known
    const answer = ask(about)
    answers.set(about, answer)
    return answer
  }
}

/** A function of its own, so that a load holds on to nothing else that it was made with. */
const originsOf =
  (merged: Merged | undefined): ConfigLoad['settingOrigin'] =>
  key =>
    merged?.origin(key)

function kindOf(path: string): 'file' | 'folder' | 'nothing' {
  try {
    return fs.statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return 'nothing'
  }
}
