/**
 * `npm test`: installs what is missing, compiles, and hands over to the runner in test/runner.
 * Nothing here can turn a failure green: whatever goes wrong ends in a closing line that counts it.
 */
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from './lib/build.mjs'
import { installDebianPackages, installMissing, installMissingMeanwhile } from './lib/install.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')

process.exitCode = 1
try {
  installMissing(root, 'packages')
  // The compiler needs nothing of them.
  const peers = installMissingMeanwhile(join(root, 'test', 'peers'), 'test peers')
  installDebianPackages(root)
  const types = build(root, { check: true })
  await peers
  const { runSuite } = await import(pathToFileURL(join(root, 'dist/test/runner/main.js')).href)
  process.exitCode = await runSuite({ root, types, args: process.argv.slice(2) })
} catch (error) {
  console.error(error instanceof Error ? error.stack : error)
  console.log('0 passed, 1 failed')
}
