/**
 * `--watch`: runs again whenever a file of the policy or of the cases is saved, until Ctrl-C. The
 * children are kept between runs, for a while, and end with this process.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Watch, watchEagerly } from '../../lib/watch.js'
import type { TestRunner } from '../../rego/run-tests.js'
import { casesFolder } from '../decision-cases.js'
import { printNote } from '../terminal.js'
import type { TestPlan } from './options.js'

const counted = /(\.rego|\.ya?ml|\.json|^\.manifest)$/

/** `runOnce` shows what it finds; it never throws. */
export async function runWatching(
  plan: TestPlan,
  runner: TestRunner,
  runOnce: () => Promise<void>,
): Promise<void> {
  const cases = casesFolder(plan.cases, plan.paths)
  const places = [...plan.paths, ...(cases === null ? [] : [cases])].filter(existsSync)
  let underWay: Promise<void> = Promise.resolve()
  let asked = false
  const watches: Watch[] = []

  /** One run at a time; a change during one starts another. */
  function runSoon(): Promise<void> {
    if (asked) return underWay
    asked = true
    underWay = underWay.then(async () => {
      asked = false
      const begun = performance.now()
      await runOnce()
      printNote(`${seconds(performance.now() - begun)} s; waiting for changes, Ctrl-C ends`)
    })
    return underWay
  }

  for (const place of places) {
    const onSign = async (settled: () => Promise<boolean>) => {
      // Half of what was saved is no policy; a report of it would be a false alarm.
      if (await settled()) await runSoon()
    }
    watches.push(await watchEagerly(place, onSign, (name) => counted.test(name)))
  }
  await runSoon()
  for (const watch of watches) watch.start()
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  for (const watch of watches) watch.stop()
  runner.close()
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2)
}
