/**
 * Checks the import rules of `.dependency-cruiser.cjs` over a source tree and refuses a green that
 * comes from having looked at nothing (which the tool reports as "no violations").
 */
import { join } from 'node:path'
import { runNode } from './process.js'

interface CruiseReport {
  readonly summary: {
    readonly totalCruised: number
    readonly violations: readonly {
      readonly from: string
      readonly to: string
      readonly rule: { readonly name: string; readonly severity: string }
      readonly cycle?: readonly { readonly name: string }[]
    }[]
  }
  readonly modules: readonly { readonly source: string }[]
}

export interface LayersResult {
  readonly ok: boolean
  readonly modules: number
  readonly output: string
}

/** `root` has the tool and the rules, `cwd` has the `src` to look at. */
export async function checkLayers(root: string, cwd: string): Promise<LayersResult> {
  const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  const config = join(root, '.dependency-cruiser.cjs')
  const args = [tool, '--config', config, '--output-type', 'json', 'src']
  const run = await runNode({ args, cwd, limitMs: 120_000 })
  try {
    return judgeLayers(JSON.parse(run.output.slice(run.output.indexOf('{'))))
  } catch {
    return { ok: false, modules: 0, output: run.output }
  }
}

export function judgeLayers(report: CruiseReport): LayersResult {
  const modules = report.modules.filter((module) => module.source.startsWith('src/')).length
  const problems = report.summary.violations.map(
    ({ from, to, rule, cycle }) =>
      `${rule.name}: ${from} → ${cycle ? cycle.map(({ name }) => name).join(' → ') : to}`,
  )
  if (modules === 0) problems.push('looked at 0 modules')
  return { ok: problems.length === 0, modules, output: problems.join('\n') }
}
