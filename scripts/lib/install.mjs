/**
 * Installs the packages of a folder when they are not there, and does nothing when they are.
 * "There" is judged by content, not by dates: npm writes what it installed to
 * `node_modules/.package-lock.json`, and every entry of the lock file must be in it.
 * Install scripts of packages are never run.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const npmArgs = [
  'ci',
  '--ignore-scripts',
  '--include=dev',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
]

/** Runs `npm ci` in the folder if anything of its lock file is missing; throws if npm fails. */
export function installMissing(folder, label) {
  if (isInstalled(folder)) return
  const started = performance.now()
  console.log(`Installing ${label} (npm ci) ...`)
  const { command, options } = npmCommand(folder)
  const result = spawnSync(command[0], [...command.slice(1), ...npmArgs], options)
  ended(folder, label, started, {
    ...result,
    output: `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`,
  })
}

/** The same beside other work; rejects if npm fails. */
export async function installMissingMeanwhile(folder, label) {
  if (isInstalled(folder)) return
  const started = performance.now()
  console.log(`Installing ${label} (npm ci) ...`)
  const { command, options } = npmCommand(folder)
  const child = spawn(command[0], [...command.slice(1), ...npmArgs], options)
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    output += text
  })
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += error.message
      resolve(null)
    })
    child.once('close', resolve)
  })
  ended(folder, label, started, { status, output })
}

function ended(folder, label, started, { status, output }) {
  if (status !== 0) {
    throw new Error(
      `npm ci failed in ${folder}\n${output}\n` +
        'Is the package registry within reach? Then run the same command again.',
    )
  }
  console.log(`Installed ${label} in ${seconds(started)}`)
}

/** In CI, what tests need of the system; elsewhere the script only says what is missing. */
export function installDebianPackages(root) {
  if (process.platform === 'win32') return
  const script = join(root, 'scripts', 'install-debian-packages.sh')
  const { status, error } = spawnSync('sh', [script], { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${script} failed: ${error?.message ?? `exit ${status}`}`)
}

function isInstalled(folder) {
  const installedFile = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installedFile)) return false
  const wanted = readJson(join(folder, 'package-lock.json')).packages
  const installed = readJson(installedFile).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

// npm tells its children where it lives; outside of npm the one on the PATH is used.
function npmCommand(cwd) {
  const npm = process.env.npm_execpath
  const options = { cwd, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' }
  if (npm?.endsWith('.js')) return { command: [process.execPath, npm], options }
  return { command: ['npm'], options: { ...options, shell: process.platform === 'win32' } }
}

export function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
