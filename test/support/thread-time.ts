/** How long this thread has been running, apart from what other programs took from it. */
import { readFileSync } from 'node:fs'

/** In milliseconds; where the system does not say (elsewhere than on Linux), the clock's. */
export function threadMs(): number {
  try {
    const schedule = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8')
    return Number(schedule.split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}
