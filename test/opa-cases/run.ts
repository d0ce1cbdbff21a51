/** Runs cases one after the other and prints, by folder, how many of them pass. */
import type { OpaCase } from './cases.js'
import { judge } from './judge.js'

export async function runCases(
  cases: readonly OpaCase[],
): Promise<ReadonlyMap<string, string | null>> {
  const failures = new Map<string, string | null>()
  const folders = new Map<string, { passed: number; of: number }>()
  for (const opaCase of cases) {
    const failure = judge(opaCase)
    failures.set(opaCase.name, failure)
    const folder = folders.get(opaCase.folder) ?? { passed: 0, of: 0 }
    folder.of += 1
    if (failure === null) folder.passed += 1
    folders.set(opaCase.folder, folder)
    // Between two, so that what they leave behind can be collected.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  console.log([...folders].map(([name, { passed, of }]) => `${name} ${passed}/${of}`).join(', '))
  const passed = [...failures.values()].filter((failure) => failure === null).length
  console.log(`${passed} of ${failures.size} of OPA's cases pass`)
  return failures
}
