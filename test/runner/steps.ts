/**
 * The checks of `npm test` that are not uvu files, each named after the property it protects.
 * A step is one passed or failed in the closing line, whatever number of things it looked at.
 */
import { compilerStep } from './compiler-step.js'
import { longFiles, reasonsForLength, workTreeFiles } from './file-length.js'
import { checkLayers } from './layers.js'
import { runScript, type Step, type StepResult } from './step.js'

export function allSteps(root: string, options: { long: boolean }): Step[] {
  const script = (...args: string[]) => runScript(root, args)
  const biome = 'node_modules/@biomejs/biome/bin/biome'
  return [
    {
      name: 'Format and lint clean',
      run: () => script(biome, 'ci', '--colors=off', '--max-diagnostics=50', '.'),
    },
    { name: 'Layers point one way', run: () => layers(root) },
    { name: 'No unused code or packages', run: () => script('node_modules/knip/bin/knip.js') },
    { name: 'Generated files are current', run: () => script('scripts/generate.mjs', '--check') },
    { name: 'Long files have a reason', run: async () => fileLengths(root) },
    { name: 'Compiler artefact matches its sources', run: () => compilerStep(root, options) },
  ]
}

/** Reads what the test processes wrote to `coverage/tmp` and holds it against `.c8rc.json`. */
export function coverageStep(root: string): Step {
  const args = ['node_modules/c8/bin/c8.js', 'report', '--check-coverage']
  return { name: 'Coverage holds', run: () => runScript(root, args) }
}

async function layers(root: string): Promise<StepResult> {
  const { ok, modules, output } = await checkLayers(root, root)
  return { ok, output, note: `${modules} modules` }
}

function fileLengths(root: string): StepResult {
  const files = workTreeFiles(root)
  const problems = longFiles(files, reasonsForLength)
  if (files.length === 0) problems.push('looked at 0 files')
  return { ok: problems.length === 0, output: problems.join('\n'), note: `${files.length} files` }
}
