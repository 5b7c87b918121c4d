import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Metrics } from './types.js'

/**
 * Registers gauges of the process under Consul's names where there is an equivalent. Lag and utilization are those
 * since they were last read. Returns what stops measuring.
 */
export function runtimeGauges(metrics: Metrics): () => void {
  // Each sample wakes the process: twenty a second find any stall that a client would feel.
  const delay = monitorEventLoopDelay({ resolution: 50 })
  delay.enable()
  let before = performance.eventLoopUtilization()
  metrics.gauge('runtime.alloc_bytes', 'Bytes of the JavaScript heap in use', () => process.memoryUsage().heapUsed)
  metrics.gauge('runtime.sys_bytes', 'Bytes of memory that the process holds', () => process.memoryUsage.rss())
  metrics.gauge(
    'runtime.event_loop_lag_seconds',
    'Longest time that something had to wait for its turn since this was last read',
    () => {
      const lag = Math.max(0, delay.max - 50e6) / 1e9
      delay.reset()
      return lag
    },
  )
  metrics.gauge(
    'runtime.event_loop_utilization',
    'Share of the time since this was last read that the process was busy, 0 to 1',
    () => {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, before)
      before = now
      return utilization
    },
  )
  return () => {
    delay.disable()
  }
}
