import t from 'tap'
import type { ReloadReport } from '../../src/agent/api.js'
import { ReloadLog } from '../../src/agent/reload-log.js'
import type { Diagnostic } from '../../src/config/index.js'
import { RecordingLog } from '../support/recording-log.js'
import { RecordingMetrics } from '../support/recording-metrics.js'

const finding = (severity: 'error' | 'warning', file: string, line: number, message: string): Diagnostic => ({
  severity,
  code: 'some-code',
  at: { file, line, column: 1 },
  message,
})

function open(): {
  tell: (
    cause: ReloadReport['cause'],
    diagnostics: readonly Diagnostic[],
    files?: readonly string[],
  ) => readonly string[]
} {
  const log = new RecordingLog()
  const reloads = new ReloadLog(log, new RecordingMetrics())
  return {
    tell(cause, diagnostics, files = ['a', 'b']) {
      const before = log.lines.length
      const outcome = diagnostics.some(({ severity }) => severity === 'error') ? 'partly' : 'applied'
      reloads.tell(
        {
          number: 1,
          cause,
          outcome,
          at: 0,
          took: 0,
          changes: [],
          settings: [],
          needsRestart: [],
          removalsWait: [],
          diagnostics,
        },
        {
          services: 0,
          checks: 0,
          files: files.map(path => ({ path })),
        },
      )
      return log.lines
        .slice(before)
        .map(({ level, message, fields: { file, at } }) =>
          `${level} ${message} ${[file, at].filter(text => typeof text === 'string').join('')}`.trim(),
        )
        .filter(line => !line.includes('loaded'))
    },
  }
}

t.test('a warning is told when it appears and when it ends, whoever asks for the reloads between', t => {
  const { tell } = open()
  t.same(tell('start', [finding('warning', 'a', 1, 'odd')]), ['warn configuration warning a:1:1'])
  for (const cause of ['file', 'signal', 'api'] as const)
    t.same(tell(cause, [finding('warning', 'a', 3, 'odd')]), [], `${cause}, two lines further down`)
  t.same(tell('file', [finding('warning', 'a', 3, 'odd'), finding('warning', 'b', 1, 'odd')]), [
    'warn configuration warning b:1:1',
  ])
  t.same(tell('signal', [finding('warning', 'b', 1, 'odd')]), ['info configuration warning ended a:3:1'])
  t.same(tell('file', [finding('warning', 'b', 1, 'odd'), finding('warning', 'a', 3, 'odd')]), [
    'warn configuration warning a:3:1',
  ])
  t.end()
})

t.test('an error is told once, again to who asks for a reload, and its file is mended when the last one is gone', t => {
  const { tell } = open()
  const [first, second] = [finding('error', 'a', 1, 'bad'), finding('error', 'a', 2, 'worse')]
  t.same(tell('start', [first, second]), ['error configuration error a:1:1', 'error configuration error a:2:1'])
  t.same(tell('file', [first, second]), [])
  t.same(tell('api', [first]), ['error configuration error a:1:1'])
  t.same(tell('file', []), ['info configuration mended a'])
  t.same(tell('api', []), [])
  t.same(tell('file', [first]), ['error configuration error a:1:1'])
  t.same(tell('file', [], ['b']), ['info configuration error ended: the file is gone a'])
  t.end()
})
