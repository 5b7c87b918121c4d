import fc from 'fast-check'
import t from 'tap'
import { createMetrics, type MetricsOptions } from '../../src/telemetry/index.js'
import { Collected } from '../../src/telemetry/metric-intervals.js'
import { FakeClock } from '../support/fake-clock.js'

function setup(options: Partial<MetricsOptions> = {}) {
  const clock = new FakeClock()
  return { clock, metrics: createMetrics({ prefix: 'consul', clock, withoutProcess: true, ...options }) }
}

void t.test('Prometheus text', async t => {
  const { metrics } = setup()
  const queries = metrics.counter('dns.queries', 'Queries answered')
  queries.add()
  queries.add(2)
  metrics.gauge('http.connections', 'Open connections').set(7)
  metrics.gauge('raft.last-index', 'Newest revision', () => 42)
  const took = metrics.distribution('kv.apply', 'Seconds')
  for (let i = 1; i <= 100; i++) took.observe(i)
  const text = await metrics.prometheus()
  for (const line of [
    '# HELP consul_dns_queries Queries answered',
    '# TYPE consul_dns_queries counter',
    'consul_dns_queries 3',
    '# TYPE consul_http_connections gauge',
    'consul_http_connections 7',
    'consul_raft_last_index 42',
    '# TYPE consul_kv_apply summary',
    'consul_kv_apply_sum 5050',
    'consul_kv_apply_count 100',
  ])
    t.ok(text.split('\n').includes(line), line)
  t.match(text, /consul_kv_apply{quantile="0.5"} 50/)
  t.equal(await metrics.prometheus(), text, 'asking changes nothing')
  metrics.close()
})

void t.test('JSON shows the last complete interval, or the current one before that', async t => {
  const { clock, metrics } = setup({ hostname: 'n1' })
  const counter = metrics.counter('dns.queries', 'q')
  metrics.counter('never', 'q')
  const sample = metrics.distribution('kv.apply', 's')
  const gauge = metrics.gauge('size', 'g')
  counter.add(5)
  sample.observe(2)
  sample.observe(4)
  gauge.set(1)
  await clock.advance(5000)
  const first = await metrics.json()
  t.strictSame(first, {
    Timestamp: '1970-01-12 13:46:40 +0000 UTC',
    Gauges: [{ Name: 'consul.n1.size', Value: 1, Labels: {} }],
    Points: [],
    Counters: [
      { Name: 'consul.dns.queries', Count: 5, Rate: 1, Sum: 5, Min: 1, Max: 1, Mean: 1, Stddev: 0, Labels: {} },
    ],
    Samples: [
      { Name: 'consul.kv.apply', Count: 2, Rate: 1.2, Sum: 6, Min: 2, Max: 4, Mean: 3, Stddev: Math.SQRT2, Labels: {} },
    ],
  })
  await clock.advance(6000)
  counter.add(100)
  gauge.set(2)
  t.match(await metrics.json(), {
    Timestamp: '1970-01-12 13:46:40 +0000 UTC',
    Gauges: [{ Value: 2 }],
    Counters: [{ Count: 5, Rate: 0.5 }],
  })
  await clock.advance(10_000)
  const later = await metrics.json()
  t.match(later, { Timestamp: '1970-01-12 13:46:50 +0000 UTC', Counters: [{ Count: 100, Rate: 10 }] })
  t.strictSame(later.Samples, [])
  await clock.advance(10_000)
  t.match(await metrics.json(), { Counters: [] })
  t.match(await metrics.prometheus(), /consul_dns_queries 105/, 'Prometheus counts from the start')
  metrics.close()
  t.equal(clock.pending, 0)
})

void t.test('a name is one instrument', async t => {
  const { metrics } = setup()
  metrics.counter('a', 'A').add()
  metrics.counter('a', 'another help').add()
  t.match(await metrics.prometheus(), /consul_a 2/)
  t.throws(() => metrics.gauge('a', 'A'), { code: 'METRIC_NAME' })
  metrics.gauge('b', 'B', () => 1)
  metrics.gauge('b', 'B', () => 2)
  t.match(await metrics.prometheus(), /consul_b 2/, 'the newest reader counts')
  metrics.close()
})

void t.test('the process itself', async t => {
  const { metrics } = setup({ withoutProcess: false })
  const { Gauges } = (await metrics.json()) as { Gauges: { Name: string; Value: number }[] }
  const value = (name: string): number =>
    Gauges.find(gauge => gauge.Name === `consul.runtime.${name}`)?.Value ?? Number.NaN
  t.ok(value('sys_bytes') > value('alloc_bytes') && value('alloc_bytes') > 1e6)
  t.ok(value('event_loop_lag_seconds') >= 0 && value('event_loop_lag_seconds') < 60)
  t.ok(value('event_loop_utilization') >= 0 && value('event_loop_utilization') <= 1)
  t.match(await metrics.prometheus(), /process_resident_memory_bytes \d+/)
  metrics.close()
})

void t.test('aggregates', t => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 50 }), values => {
      const collected = new Collected()
      for (const value of values) collected.observe(value)
      const { Count, Sum, Min, Max, Mean, Stddev } = collected.aggregate(10_000)
      const sum = values.reduce((a, b) => a + b, 0)
      const mean = sum / values.length
      const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1))
      const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-3
      return (
        Count === values.length
        && near(Sum, sum)
        && Min === Math.min(...values)
        && Max === Math.max(...values)
        && near(Mean, mean)
        && near(Stddev, deviation)
      )
    }),
  )
  t.strictSame(new Collected().aggregate(10), { Count: 0, Rate: 0, Sum: 0, Min: 0, Max: 0, Mean: 0, Stddev: 0 })
  t.end()
})
