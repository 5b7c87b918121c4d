import fs from 'node:fs'
import { aliasCircleWarnings } from './combine/alias-circles.js'
import { capped } from './read/capped.js'
import { combine } from './combine/combine.js'
import { readContent } from './read/content.js'
import { contributionOf } from './combine/contribution.js'
import { entriesOf } from './complete/entries.js'
import { merge } from './combine/merge.js'
import { resolve } from './resolve/index.js'
import { ConfigSource } from './source.js'
import type { ConfigFormat } from './read/syntax/index.js'
import type { Diagnostic } from './types.js'

/** What `muster validate` found. Valid when no diagnostic is an error. */
export interface Validation {
  readonly diagnostics: readonly Diagnostic[]
  /** The files that were read, in order. */
  readonly files: readonly string[]
  /** How many services and checks they declare, the checks of services included. */
  readonly services: number
  readonly checks: number
}

/** A limit for definitions that nobody will run. */
const limits = { checkOutputMaxSize: 4096 }

/**
 * Judges configuration files and folders as an agent would at its start, and everything in one pass. Asks neither the
 * network nor the data folder, so it says the same on every machine. Files alone, without a folder, may be a part of
 * what an agent reads: there it is a warning when something is missed that others may bring.
 */
export function validatePaths(paths: readonly string[], options: { readonly format?: ConfigFormat } = {}): Validation {
  const forgetful = { all: () => [], set: () => undefined }
  const partial = paths.every(path => fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
  const source = new ConfigSource({
    paths,
    partial,
    ...options,
    flags: { values: new Map(), positional: [] },
    hostname: 'localhost',
    lastGood: forgetful,
  })
  const { files, diagnostics } = source.load()
  return {
    diagnostics,
    files: files.map(file => file.path),
    services: sum(files.map(file => file.services)),
    checks: sum(files.map(file => file.checks)),
  }
}

/** Judges one text as a file alone; `name` stands in its place in messages. */
export function validateText(name: string, text: string, format: ConfigFormat): Validation {
  const content = readContent(name, text, format)
  const entries = entriesOf(content, limits)
  const merged = merge([{ value: content.settings ?? {}, place: (path, what) => content.place(path, what) }])
  const { settings, diagnostics } = resolve(merged, {
    hostname: 'localhost',
    dev: false,
    partial: true,
    interfaces: undefined,
    kindOf: () => 'nothing',
  })
  const scriptsAllowed = merged.value.enable_script_checks === true || merged.value.enable_local_script_checks === true
  const { faults, declared } = combine([contributionOf(name, content, entries)], {
    scriptsAllowed: settings?.enableLocalScriptChecks ?? scriptsAllowed,
    partial: true,
    known: () => new Set(),
    owner: () => undefined,
  })
  const all = [
    ...content.diagnostics,
    ...entries.diagnostics,
    ...diagnostics,
    ...faults.map(fault => fault.diagnostic),
    ...aliasCircleWarnings(declared),
  ]
  const inServices = entries.services.map(({ declared }) => declared.definition.checks.length)
  return {
    diagnostics: capped(name, all),
    files: [name],
    services: entries.services.length,
    checks: entries.checks.length + sum(inServices),
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
