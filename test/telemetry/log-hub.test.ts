import { Writable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { formatText } from '../../src/telemetry/log-format.js'
import { createLogHub, type LogHubOptions, type LogLine } from '../../src/telemetry/index.js'
import { FakeClock } from '../support/fake-clock.js'
import { until } from '../support/until.js'

const time = '1970-01-12T13:46:40.000Z'

function setup(options: Partial<LogHubOptions> = {}) {
  const lines: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      lines.push(chunk)
      done()
    },
  })
  const clock = new FakeClock()
  const hub = createLogHub({ level: 'info', json: false, colors: false, stream, clock, ...options })
  return { hub, lines, stream, clock }
}

void t.test('lines for people', async t => {
  const { hub, lines } = setup({ level: 'trace' })
  const dns = hub.root.child('dns')
  hub.root.info('started')
  dns.trace('a')
  dns.debug('b %s')
  dns.child('udp').info('listening', { address: '127.0.0.1:8600', seconds: 0.5, ok: true })
  dns.warn('odd', {
    text: 'two words',
    quote: 'a"b',
    empty: '',
    list: [1, 'x'],
    none: undefined,
    error: new Error('broken\npipe'),
  })
  dns.error('line one\nline two\u001b[31m', { token: 'abc' })
  t.strictSame(lines, [
    `${time} [INFO]  started\n`,
    `${time} [TRACE] dns: a\n`,
    `${time} [DEBUG] dns: b %s\n`,
    `${time} [INFO]  dns.udp: listening: address=127.0.0.1:8600 seconds=0.5 ok=true\n`,
    `${time} [WARN]  dns: odd: text="two words" quote="a\\"b" empty="" list=[1,"x"] error="broken\\npipe"\n`,
    `${time} [ERROR] dns: line one\\nline two\\u001b[31m: token=<hidden>\n`,
  ])
  await hub.close()
  hub.root.error('too late')
  t.equal(lines.length, 6)
})

void t.test('JSON lines', async t => {
  const { hub, lines } = setup({ json: true, colors: true })
  hub.root.child('http').warn('slow', { seconds: 2, path: '/v1/kv/a?token=x' })
  hub.root.info('plain')
  t.strictSame(
    lines.map(line => JSON.parse(line) as unknown),
    [
      {
        '@level': 'warn',
        '@timestamp': time,
        '@module': 'http',
        'seconds': 2,
        'path': '/v1/kv/a?token=<hidden>',
        '@message': 'slow',
      },
      { '@level': 'info', '@timestamp': time, '@message': 'plain' },
    ],
  )
  await hub.close()
})

void t.test('colours only the level', async t => {
  const { hub, lines } = setup({ colors: true })
  hub.root.info('x')
  t.strictSame(lines, [`${time} \u001b[32m[INFO] \u001b[0m x\n`])
  await hub.close()
})

void t.test('a line is always one line, whatever is in it', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }),
      (message, name, value) =>
        !/\p{Cc}/u.test(
          formatText({
            '@level': 'info',
            '@timestamp': 't',
            '@message': message,
            [`k${name}`]: value,
            'list': [value],
          }),
        ),
    ),
  )
  t.end()
})

void t.test('the level changes while it runs, for loggers made before too', async t => {
  const { hub, lines } = setup()
  const part = hub.root.child('part')
  part.debug('1')
  hub.setLevel('debug')
  part.debug('2')
  hub.setLevel('error')
  part.warn('3')
  t.strictSame(
    lines.map(line => line.trim().at(-1)),
    ['2'],
  )
  await hub.close()
})

void t.test('listeners', t => {
  void t.test('have a level of their own, and get both forms', async t => {
    const { hub, lines } = setup()
    const heard: LogLine[] = []
    const subscription = hub.subscribe('debug', line => {
      heard.push(line)
    })
    const part = hub.root.child('part')
    part.trace('no')
    part.debug('yes', { n: 1 })
    t.strictSame(heard, [], 'never from within the logging call')
    await until('heard', () => heard.length === 1)
    t.match(heard[0], { level: 'debug', text: `${time} [DEBUG] part: yes: n=1` })
    t.match(JSON.parse(heard[0]?.json ?? ''), { '@message': 'yes', 'n': 1 })
    t.strictSame(lines, [], 'and the log itself stays at its level')
    part.debug('on its way')
    subscription.close()
    part.debug('after')
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    t.equal(heard.length, 1)
    await hub.close()
  })
  void t.test('lose lines when there are too many at once, and are told', async t => {
    const { hub } = setup({ level: 'error' })
    const heard: LogLine[] = []
    hub.subscribe('info', line => {
      heard.push(line)
    })
    for (let i = 0; i < 2000; i++) hub.root.info(String(i))
    await until('heard', () => heard.length > 0)
    t.equal(heard.length, 1025)
    t.match(heard.at(-1), { level: 'warn', text: /left out.*count=976$/ })
    hub.root.info('next')
    await until('heard again', () => heard.length === 1026)
    await hub.close()
  })
  void t.test('that log themselves do not hang the process', async t => {
    const { hub } = setup({ level: 'error' })
    let heard = 0
    hub.subscribe('info', () => {
      heard++
      hub.root.info('echo')
    })
    hub.root.info('first')
    await until('it went round', () => heard > 5)
    await hub.close()
    const after = heard
    await new Promise(setImmediate)
    t.equal(heard, after)
  })
  t.end()
})

void t.test('a stream that breaks silences the log, nothing more', async t => {
  const { hub, lines, stream } = setup()
  stream.destroy(new Error('EPIPE'))
  await new Promise(setImmediate)
  hub.root.info('into the void')
  t.strictSame(lines, [])
  await hub.close()
})
