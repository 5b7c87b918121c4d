import type { Writable } from 'node:stream'
import type { EndSignal } from '../../common/end-signal.js'
import { MusterError } from '../../common/errors.js'
import { parseBool } from '../../common/parse-bool.js'
import type { LogLevel } from '../../telemetry/index.js'
import type { Answer } from '../answer/answer.js'
import type { Deps } from '../deps.js'
import type { ApiRequest, Route } from '../route.js'

const levels: Readonly<Record<string, LogLevel>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  err: 'error',
  error: 'error',
}

// The interval of Consul: lines of one burst are sent together.
const flushEvery = 200

/**
 * Lines, and characters of them, that may wait for a slow reader; what comes on top is counted and left out. As many
 * lines as with Consul.
 */
const monitorBacklog = { lines: 512, characters: 256 * 1024 } as const

/** `/v1/agent/monitor`: the log as it is written, until the client goes. */
export const agentMonitorRoutes = (deps: Deps): readonly Route[] => [
  { path: '/v1/agent/monitor', reach: 'local', whileNotReady: true, GET: request => monitor(deps, request) },
]

function monitor(deps: Deps, { query }: ApiRequest): Answer {
  const word = query.first('loglevel')
  const level = levels[word === '' ? 'info' : word.toLowerCase()]
  if (level === undefined)
    throw new MusterError('HTTP_PARAMETER', `Bad request: Unknown log level: ${word}`, { status: 400 })
  const asJson = query.has('logjson') && (parseBool(query.first('logjson')) ?? true)
  return {
    kind: 'stream',
    type: 'text/plain; charset=utf-8',
    headers: ['X-Content-Type-Options', 'nosniff'],
    start: (sink, gone) => {
      follow(deps, level, asJson, sink, gone)
    },
  }
}

function follow({ logs, clock }: Deps, level: LogLevel, asJson: boolean, sink: Writable, gone: EndSignal): void {
  let waiting: string[] = []
  let characters = 0
  let dropped = 0
  let ready = true
  let scheduled = false
  const flush = (): void => {
    scheduled = false
    if (!ready || gone.aborted || waiting.length === 0) return
    const lost = dropped === 0 ? '' : `[${dropped} lines were left out: this reader is too slow]\n`
    const lines = waiting
    waiting = []
    characters = 0
    dropped = 0
    ready = sink.write(`${lines.join('\n')}\n${lost}`)
  }
  const subscription = logs.subscribe(level, line => {
    const shown = asJson ? line.json : line.text
    if (waiting.length >= monitorBacklog.lines || characters + shown.length > monitorBacklog.characters) dropped++
    else {
      waiting.push(shown)
      characters += shown.length
    }
    if (!scheduled) {
      scheduled = true
      clock.after(flushEvery, flush)
    }
  })
  sink.on('drain', () => {
    ready = true
    flush()
  })
  const end = (): void => {
    subscription.close()
    sink.end()
  }
  if (gone.aborted) end()
  else gone.addEventListener('abort', end, { once: true })
}
