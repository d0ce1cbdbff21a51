/**
 * Files past 400 lines need a listed reason. Judges what git knows or would add, generated files
 * (they say so in their first lines) aside. A reason whose file is short again is an error too.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const mostLines = 400
const judged = /^(src|test|bench|scripts|policies|compiler)\/.*\.(ts|mjs|cjs|rego|go)$/

/** Files that may be longer, and why. */
export const reasonsForLength: Readonly<Record<string, string>> = {
  'test/catalogue/catalogue.test.ts': 'one state machine, told as one row of stories',
  'src/domain.ts': 'the contract between the rooms, in types alone',
  'test/config/problems.test.ts': 'one table of what is wrong with a configuration',
  'test/guard/bundle-url.test.ts': 'one server of bundles, which every case asks',
  'test/config/load.test.ts': 'one table of what a configuration may and may not say',
  'test/policy/memo.test.ts': 'one pool of facts, which every case draws from',
  'test/proxy/back/stdio.test.ts': 'one gateway over one scripted process, which every case asks',
  'test/proxy/definitions.test.ts': 'one hostile server, whose scripts the cases share',
  'test/proxy/front/stdio.test.ts': 'one client on standard streams, which every case is',
  'test/proxy/exchange/connection-state.test.ts': 'one reducer, told as one table of events',
  'test/proxy/tasks.test.ts': 'one server of tasks, which every case asks',
  'test/rego/problems.test.ts': 'one table of what the compiler says',
}

export function longFiles(
  files: readonly { path: string; text: string }[],
  reasons: Readonly<Record<string, string>>,
): string[] {
  const problems: string[] = []
  for (const { path, text } of files) {
    if (!judged.test(path) || /generated from .*do not edit/is.test(text.slice(0, 400))) continue
    const lines = text.split('\n').length - 1
    const listed = Object.hasOwn(reasons, path)
    if (lines > mostLines && !listed) {
      problems.push(`${path}: ${lines} lines; split it, or list the reason in file-length.ts`)
    }
    if (lines <= mostLines && listed) problems.push(`${path}: is short again, drop its reason`)
  }
  return problems
}

/** The files of the work tree: tracked, or new and not ignored. */
export function workTreeFiles(root: string): { path: string; text: string }[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0')
  return listed
    .filter((path) => judged.test(path))
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(join(root, path), 'utf8') }]
      } catch {
        return [] // tracked, but removed from the work tree
      }
    })
}
