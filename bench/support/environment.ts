/** What a figure depends on besides the code: printed with every result. Names no host. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { packageFile } from '../../src/lib/package-root.js'

export interface Environment {
  readonly cpu: string
  readonly node: string
  readonly packages: Readonly<Record<string, string>>
  /** Processes that ran or wanted to in the last minute; the benchmark's own are two or three. */
  readonly load: number
}

/** Those whose code is on the way of a call. */
const packages = ['undici']

export function readEnvironment(): Environment {
  const [first] = cpus()
  return {
    cpu: `${cpus().length} x ${first?.model.trim() ?? 'unknown'}`,
    node: process.version,
    packages: {
      'mcp-guard': versionIn(packageFile('package.json')),
      ...Object.fromEntries(
        packages.map((name) => [
          name,
          versionIn(packageFile('node_modules', name, 'package.json')),
        ]),
      ),
    },
    load: loadavg()[0] ?? 0,
  }
}

export function environmentLines({ cpu, node, packages, load }: Environment): string[] {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [`${cpu} · Node ${node} · load ${load.toFixed(1)}`, versions.join(' · ')]
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
  return version
}
