import t from 'tap'
import { frame, frameType, settingsFrame } from '../../../src/store/etcd/grpc/frames.js'
import { decodeHuffman } from '../../../src/store/etcd/grpc/huffman.js'
import { methods } from '../../../src/store/etcd/methods.js'
import { channelTo, echo, goodEnd, goodHeaders, hostile, introduction } from './peers.js'

const timeout = 5000

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const data = (hex: string, flags = 0): Buffer => frame(frameType.data, flags, 1, Buffer.from(hex, 'hex'))
const headers = (hex: string, flags = 4): Buffer => frame(frameType.headers, flags, 1, Buffer.from(hex, 'hex'))

void t.test('answers that break the rules end the call, and often the connection, but nothing else', async t => {
  for (const [what, answer, fault] of [
    ['a frame that is cut off', Buffer.concat([goodHeaders, data('0000000001aa').subarray(0, 12)]), 'close'],
    ['a frame that is too large', Buffer.from('004001000000000001', 'hex'), /a frame of 16385 bytes/],
    ['HTTP of another version', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /a frame of 4740180 bytes/],
    ['data that is all padding', data('05aa', 8), /more padding/],
    ['headers that end too early', headers('40'), /end too early/],
    ['a dynamic table', headers('3fe11f88'), /dynamic table/],
    ['an index of a dynamic table', headers('be'), /index 62/],
    ['index 0', headers('80'), /index 0/],
    ['a number that is too long', headers('ffffffffffffff'), /number is too long/],
    ['a text longer than its block', headers('0005616263'), /end too early/],
    ['a text in a broken code', headers('0081ff8161'), /not in the code/],
    ['other frames within headers', Buffer.concat([headers('88', 0), data('00')]), /headers without their end/],
    ['a continuation of nothing', frame(frameType.continuation, 4, 1, Buffer.from([0x88])), /continuation of nothing/],
    [
      'headers without an end',
      Buffer.concat([headers('88', 0), ...Array<Buffer>(5).fill(frame(9, 0, 1, Buffer.alloc(16_384)))]),
      /headers of more than 65536 bytes/,
    ],
    [
      'headers of endless empty pieces',
      Buffer.concat([headers('88', 0), ...Array<Buffer>(2000).fill(frame(9, 0, 1, Buffer.alloc(0)))]),
      /headers of more than 65536 bytes/,
    ],
    ['a push', frame(frameType.pushPromise, 4, 1, Buffer.from('0000000288', 'hex')), /a push/],
    ['a stream of its own', frame(frameType.data, 0, 2, Buffer.alloc(1)), /stream 2/],
    ['a stream that never was', frame(frameType.headers, 4, 99, Buffer.from([0x88])), /stream 99/],
    ['data of the connection', frame(frameType.data, 0, 0, Buffer.alloc(1)), /stream 0/],
    ['a window that grows by nothing', frame(frameType.windowUpdate, 0, 0, word(0)), /grows by nothing/],
    ['a window that is too large', frame(frameType.windowUpdate, 0, 1, word(2 ** 31 - 1)), /too large/],
    ['a window of half a number', frame(frameType.windowUpdate, 0, 1, Buffer.alloc(2)), /number/],
    ['half a setting', frame(frameType.settings, 0, 0, Buffer.alloc(5)), /settings/],
    ['streams with endless room', settingsFrame([[4, 2 ** 31]]), /a window of 2147483648 bytes/],
    ['half a farewell', frame(frameType.goAway, 0, 0, Buffer.alloc(4)), /farewell/],
  ] as const) {
    const server = await hostile(t, introduction, answer)
    const channel = channelTo(t, server.endpoint)
    const call = channel.call(echo, Buffer.alloc(0), { timeout: fault === 'close' ? 200 : timeout })
    if (fault === 'close') await t.rejects(call, { code: 4, sent: true }, what)
    else await t.rejects(call, { code: 14, details: fault, sent: true }, what)
    await t.rejects(channel.call(echo, Buffer.alloc(0), { timeout: 200 }), { name: 'GrpcFault' }, `${what}: again`)
    t.equal(server.connections, fault === 'close' ? 1 : 2, `${what}: connections`)
  }
})

void t.test('messages that cannot be taken end their call alone', async t => {
  for (const [what, answer, fault] of [
    ['a message of 4 GiB', data('00ffffffff'), { code: 8, details: /4294967295 bytes/ }],
    ['a compressed message', data('010000000100'), { code: 13, details: /compressed/ }],
    ['no message of that kind', data('00000000020a05'), { code: 13, details: /malformed/ }],
    [
      'a reset within a message',
      Buffer.concat([data('0000000005aa'), frame(frameType.reset, 0, 1, word(2))]),
      { code: 13, details: /reset/ },
    ],
    ['the end without a status', data('0000000000', 1), { code: 2, details: /without a status/ }],
    ['no status of HTTP', headers('0f0100', 5), { code: 2, details: /HTTP status \(none\)/ }],
  ] as const) {
    const server = await hostile(t, introduction, Buffer.concat([...lead(what), answer]))
    const channel = channelTo(t, server.endpoint)
    const method = { ...methods.range, path: echo.path }
    await t.rejects(channel.call(method, { key: Buffer.alloc(1) }, { timeout }), { name: 'GrpcFault', ...fault }, what)
    await t.rejects(channel.call(method, { key: Buffer.alloc(1) }, { timeout: 50 }), { code: 4 })
    t.equal(server.connections, 1, `${what}: the connection is as good as before`)
  }
})

/** All but the answer without a status begin well. */
const lead = (what: string): Buffer[] => (what === 'no status of HTTP' ? [] : [goodHeaders])

void t.test('servers that do not answer', async t => {
  const mute = await hostile(t, Buffer.alloc(0))
  await t.rejects(channelTo(t, mute.endpoint).call(echo, Buffer.alloc(0), { timeout: 50 }), {
    code: 14,
    sent: false,
    details: /no connection within 50 ms/,
  })
  const idle = await hostile(t, introduction)
  await t.rejects(channelTo(t, idle.endpoint).call(echo, Buffer.alloc(0), { timeout: 50 }), {
    code: 4,
    sent: true,
    details: /no answer within 50 ms/,
  })
  const rude = await hostile(t, introduction, 'close')
  await t.rejects(channelTo(t, rude.endpoint).call(echo, Buffer.alloc(0), { timeout }), { code: 14, sent: true })
  const reset = await hostile(t, introduction, 'reset')
  await t.rejects(channelTo(t, reset.endpoint).call(echo, Buffer.alloc(0), { timeout }), {
    code: 14,
    sent: true,
    details: /ECONNRESET/,
  })
  const other = await hostile(t, Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'))
  await t.rejects(channelTo(t, other.endpoint).call(echo, Buffer.alloc(0), { timeout }), { code: 14, sent: false })
})

void t.test('an answer in pieces of any size, with pings, unknown frames, and an announcement before it', async t => {
  const answer = Buffer.concat([
    frame(frameType.ping, 0, 0, Buffer.alloc(8)),
    frame(77, 0, 0, Buffer.from('what is this')),
    // `:status: 100`
    headers('0803313030'),
    goodHeaders,
    frame(frameType.data, 8, 1, Buffer.concat([Buffer.from([3]), Buffer.from('0000000003', 'hex'), Buffer.alloc(3)])),
    data('61'),
    data(''),
    data('6263'),
    goodEnd,
  ])
  for (const size of [1, 2, 7, 100, answer.length]) {
    const pieces = Array.from({ length: Math.ceil(answer.length / size) }, (_, i) =>
      answer.subarray(i * size, (i + 1) * size),
    )
    const { endpoint } = await hostile(t, introduction, pieces)
    t.same(await channelTo(t, endpoint).call(echo, Buffer.alloc(0), { timeout }), Buffer.from('abc'), `by ${size}`)
  }
})

void t.test("texts of RFC 7541's examples", async t => {
  for (const [hex, text] of [
    ['f1e3c2e5f23a6ba0ab90f4ff', 'www.example.com'],
    ['a8eb10649cbf', 'no-cache'],
    ['25a849e95ba97d7f', 'custom-key'],
    ['25a849e95bb8e8b4bf', 'custom-value'],
    ['9d29ad171863c78f0b97c8e9ae82ae43d3', 'https://www.example.com'],
    ['', ''],
    ['ff', undefined],
    ['ffffffff', undefined],
    ['00', undefined],
  ] as const)
    t.equal(decodeHuffman(Buffer.from(hex, 'hex')), text, hex)
})
