/**
 * What the process costs, read when somebody asks and not before: no timers, no hooks on the garbage
 * collector. Names are those that Prometheus client libraries share.
 */
import { performance } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'

export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry]
  const startedAt = new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start of the process in seconds since the epoch.',
    registers,
  })
  startedAt.set(performance.timeOrigin / 1_000)
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  let before = performance.eventLoopUtilization()
  new Gauge({
    name: 'nodejs_eventloop_utilization',
    help: 'Share of the time since the last scrape in which the event loop was busy.',
    registers,
    collect() {
      const current = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(current, before).utilization)
      before = current
    },
  })
}
