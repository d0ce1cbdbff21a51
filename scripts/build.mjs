/** `npm run build`: all that an installed package has and the repository has not. */
import { fileURLToPath } from 'node:url'
import { build } from './lib/build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const { ok, output } = build(root, { check: true })
process.stdout.write(output)
process.exitCode = ok ? 0 : 1
