import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** Whether the load generator is installed. */
export const hasWrk = (): boolean => spawnSync('wrk', ['-v']).error === undefined

/**
 * What `wrk` is told: 64 connections and 5 s unless given; `lua` is its script, which may set method, body and path.
 */
export interface Load {
  readonly url: string
  readonly connections?: number
  readonly seconds?: number
  readonly lua?: string
}

/** Requests a second that were answered with 2xx. @throws Error when others were among them */
export function perSecond({ url, connections = 64, seconds = 5, lua }: Load): number {
  const script = path.join(os.tmpdir(), `muster-bench-${process.pid}.lua`)
  if (lua !== undefined) fs.writeFileSync(script, lua)
  const args = (duration: number): string[] => [
    '-t1',
    `-c${connections}`,
    `-d${duration}s`,
    ...(lua === undefined ? [] : ['-s', script]),
    url,
  ]
  try {
    spawnSync('wrk', args(1))
    const { stdout } = spawnSync('wrk', args(seconds), { encoding: 'utf8' })
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN)
    if (Number.isNaN(rate) || stdout.includes('Non-2xx')) throw new Error(`wrk gave no clean figure:\n${stdout}`)
    return rate
  } finally {
    fs.rmSync(script, { force: true })
  }
}

/**
 * A script that puts values of 200 bytes under a thousand keys, one after the other. No two are alike: a value that
 * stands already is not written.
 */
export const puts = `
wrk.method = "PUT"
math.randomseed(os.time())
local run = math.random(999999)
local count = 0
request = function()
  count = count + 1
  return wrk.format(nil, "/v1/kv/bench/" .. (count % 1000), nil, string.format("%06d%010d", run, count) .. string.rep("v", 184))
end
`

/** A figure with its unit, thousands apart: `13,000/s`. */
export const rate = (count: number): string => `${Math.round(count).toLocaleString('en')}/s`
/** `1.5 ms`, `120 ms`. */
export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
