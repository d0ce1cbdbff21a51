/**
 * `--watch`: runs again whenever a file of the policy or of the cases is saved, until Ctrl-C. A run
 * begins at the first sign of a change and is shown when everything was as it is throughout. The
 * children of the runner are kept between runs, for a while, and end with this process.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type Watch, watchEagerly } from '../../lib/watch.js'
import { casesFolder } from '../decision-cases.js'
import { printNote } from '../terminal.js'
import type { TestPlan } from './options.js'

/** Shows what a run found. */
export type ShowRun = () => void

const counts = (name: string) => /(\.rego|\.ya?ml|\.json|^\.manifest)$/i.test(name)

/** `run` never rejects. */
export async function runWatching(plan: TestPlan, run: () => Promise<ShowRun>): Promise<void> {
  let stopped = false
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {
    stopped = true
  })
  const cases = casesFolder(plan.cases, plan.paths)
  const places = [...plan.paths, ...(cases === null ? [] : [cases])].filter(existsSync)
  let underWay: Promise<void> = Promise.resolve()

  /** One run at a time. */
  function runNext(settled: () => Promise<boolean>): Promise<void> {
    underWay = underWay.then(async () => {
      const begun = performance.now()
      const show = await run()
      const seconds = ((performance.now() - begun) / 1_000).toFixed(2)
      if (stopped || !(await settled())) return
      show()
      printNote(`${seconds} s; waiting for changes, Ctrl-C ends`)
    })
    return underWay
  }

  const watches: Watch[] = []
  for (const place of places) watches.push(await watchEagerly(place, runNext, counts))
  await Promise.race([ended, runNext(async () => true)])
  for (const watch of watches) watch.start()
  await ended
  for (const watch of watches) watch.stop()
}
