import { MusterError } from '../../common/errors.js'
import { flagIsSet, flagValue } from '../../common/flags.js'
import { countKv, countRecords, type SavedState } from '../../snapshot/index.js'
import type { Command } from '../command.js'
import { formatFlag, wantsJson } from '../format.js'
import { fileArgument, readFile, readSnapshot } from '../snapshot-file.js'
import { table } from '../table.js'

/** `muster snapshot inspect`. */
export const command: Command = {
  usage: 'snapshot inspect [options] FILE',
  description: 'Shows when and of what a snapshot was made, after checking that it is whole. Needs no agent.',
  examples: [
    ['muster snapshot inspect backup.snap', 'sums by type'],
    ['muster snapshot inspect -kvdetails -kvdepth=1 backup.snap', 'and by the first part of the keys'],
    ['muster snapshot inspect -format=json backup.snap', 'for scripts'],
  ],
  flags: [
    formatFlag,
    { name: 'kvdetails', type: 'bool', help: 'sum the keys of the KV store by their prefixes' },
    { name: 'kvdepth', type: 'string', placeholder: 'NUMBER', help: 'parts of a key that make its prefix (default 2)' },
    { name: 'kvfilter', type: 'string', placeholder: 'PREFIX', help: 'only keys that begin so' },
  ],
  async run(flags, io) {
    const file = fileArgument(flags, io)
    const json = wantsJson(flags)
    const depth = Number(flagValue(flags, 'kvdepth') ?? '2')
    if (!Number.isInteger(depth) || depth < 1)
      throw new MusterError('USAGE', `-kvdepth: "${flagValue(flags, 'kvdepth') ?? ''}" is no whole number above 0`)
    const saved = await readSnapshot(await readFile(file))
    const keys = flagIsSet(flags, 'kvdetails')
      ? countKv(saved.records, depth, flagValue(flags, 'kvfilter') ?? '')
      : undefined
    io.out(json ? asJson(saved, keys) : pretty(saved, keys))
    return 0
  },
}

type Keys = ReturnType<typeof countKv> | undefined

const total = (sums: readonly { readonly size: number }[]): number => sums.reduce((sum, { size }) => sum + size, 0)

function pretty({ meta, records }: SavedState, keys: Keys): string {
  const types = countRecords(records)
  const parts = [
    table(
      [
        ['ID', meta.ID],
        ['Size', String(meta.Size)],
        ['Index', String(meta.Index)],
        ['Term', String(meta.Term)],
        ['Version', String(meta.Version)],
      ].map(indent),
    ),
    table(
      [
        ['Type', 'Count', 'Size'],
        ['----', '----', '----'],
        ...types.map(({ type, count, size }) => [type, String(count), readable(size)]),
        ['----', '----', '----'],
        ['Total', '', readable(total(types))],
      ].map(indent),
    ),
  ]
  if (keys !== undefined) {
    parts.push(
      table(
        [
          ['Key Name', 'Count', 'Size'],
          ['----', '----', '----'],
          ...keys.map(({ prefix, count, size }) => [prefix, String(count), readable(size)]),
          ['----', '----', '----'],
          ['Total', '', readable(total(keys))],
        ].map(indent),
      ),
    )
  }
  return parts.join('\n')
}

function asJson({ meta, records }: SavedState, keys: Keys): string {
  const types = countRecords(records)
  return `${JSON.stringify(
    {
      Meta: {
        ID: meta.ID,
        Size: meta.Size,
        Index: meta.Index,
        Term: meta.Term,
        Version: meta.Version,
        Build: meta.Build,
        Datacenter: meta.Datacenter,
      },
      Stats: types.map(({ type, count, size }) => ({ Name: type, Count: count, Sum: size })),
      TotalSize: total(types),
      ...(keys !== undefined && {
        StatsKV: keys.map(({ prefix, count, size }) => ({ Name: prefix, Count: count, Sum: size })),
        TotalSizeKV: total(keys),
      }),
    },
    null,
    '   ',
  )}\n`
}

const indent = ([first = '', ...rest]: readonly string[]): readonly string[] => [` ${first}`, ...rest]

/** A size as people read it: `218B`, `3.3KB`. */
function readable(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB']
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 ? size : Number(size.toFixed(1))}${units[unit] ?? ''}`
}
