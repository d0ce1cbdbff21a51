/**
 * `npm start`: from a fresh clone to a guarded MCP server. Installs what is missing, builds, starts
 * a demo server and the gateway in front of it, and prints three lines to try. Ctrl-C, SIGTERM, a
 * closed terminal and the death of npm all end both, and so does the end of either of them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build, isBuilt } from './lib/build.mjs'
import { writeDemoFiles } from './lib/demo-files.mjs'
import { installMissing, seconds } from './lib/install.mjs'
import { isAlive, npmProcess } from './lib/npm-process.mjs'

/** Something the reader can put right; shown without a stack. */
class Fixable extends Error {}

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '')
const leash = new URL('./lib/leash.mjs', import.meta.url).href
const readyLimitMs = 60_000
// The gateway lets calls in flight finish; these are past its own limits.
const stopLimitMs = 15_000

/** What runs, in the order of starting. */
const running = []
let stopping = false

try {
  await main()
} catch (error) {
  await fail(error)
}

async function main() {
  const { port, folder } = readOptions()
  installMissing(root, 'packages')
  if (!isBuilt(root)) compile()
  // Held until the gateway takes it, or the demo server could be given the same one.
  const release = await holdPort(port)
  if (release === null) {
    throw new Fixable(
      `Port ${port} of 127.0.0.1 is taken. Start on another one:\n  npm start -- --port ${port + 1}`,
    )
  }
  stopOnSignals()
  const demo = launch('demo server', [join(root, 'scripts', 'demo-server.mjs')], {
    // One of its tools shows its whole environment to the caller.
    env: pick(process.env, ['PATH', 'SystemRoot']),
  })
  const upstreamUrl = await firstLine(demo)
  const releaseAdmin = await holdPort(9090)
  const adminPort = releaseAdmin === null ? 0 : 9090
  const config = writeDemoFiles(resolve(root, folder), { root, port, adminPort, upstreamUrl })
  await release()
  await releaseAdmin?.()
  const gateway = launch('gateway', [join(root, 'dist/src/cli/main.js'), 'run', '--config', config])
  gateway.stdout.pipe(process.stdout)
  await untilReady(gateway, `http://127.0.0.1:${port}/ready`)
  console.log(instructions(`http://127.0.0.1:${port}/mcp/everything`, folder))
}

function readOptions() {
  let values
  try {
    const options = {
      port: { type: 'string', default: '8080' },
      folder: { type: 'string', default: '.demo' },
    }
    values = parseArgs({ options }).values
  } catch {
    throw new Fixable(
      'npm start takes --port and --folder, after two dashes: npm start -- --port 8081',
    )
  }
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Fixable('--port takes a number from 1 to 65535, e.g. npm start -- --port 8081')
  }
  return { port, folder: values.folder }
}

function compile() {
  const started = performance.now()
  console.log('Building ...')
  const { ok, output } = build(root, { check: false })
  if (!ok) throw new Fixable(`The build failed:\n${output}`)
  console.log(`Built in ${seconds(started)}`)
}

function launch(name, args, options = {}) {
  const child = spawn(process.execPath, ['--import', leash, ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: the terminal's Ctrl-C comes to us, and we end them in order.
    detached: process.platform !== 'win32',
    ...options,
  })
  child.once('exit', (code, signal) => {
    if (!stopping)
      void fail(new Fixable(`The ${name} ended by itself (${signal ?? `exit ${code}`}).`))
  })
  running.push(child)
  return child
}

async function firstLine(child) {
  const lines = createInterface({ input: child.stdout })
  const [line] = await once(lines, 'line')
  return line
}

async function untilReady(gateway, url) {
  const deadline = performance.now() + readyLimitMs
  while (!stopping && gateway.exitCode === null) {
    const response = await fetch(url).catch(() => undefined)
    await response?.arrayBuffer()
    if (response?.ok) return
    if (performance.now() > deadline) throw new Fixable(`The gateway is not ready: ${url}`)
    await sleep(25)
  }
  // Whoever ended it reports why and ends this process.
  await new Promise(() => {})
}

function instructions(url, folder) {
  const cli = 'node dist/src/cli/main.js'
  return `
mcp-guard guards a real MCP server at ${url}
Paste these into another terminal, in this folder:

  allowed, the reader's key may call echo:
    ${cli} call --url ${url} --key-file ${folder}/reader.key echo message=hello

  denied, with what the audit tells you about it:
    ${cli} call --url ${url} --key-file ${folder}/reader.key --audit ${folder}/audit.ndjson get-env

  what each of the two keys can see:
    ${cli} call --url ${url} --key-file ${folder}/reader.key --key-file ${folder}/admin.key list

Ctrl-C stops everything.`
}

function stopOnSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (stopping) for (const child of running) child.kill('SIGKILL')
      else void stop(0)
    })
  }
  const npm = npmProcess()
  const watch = () => {
    if (npm !== null && !isAlive(npm) && !stopping) void stop(0)
  }
  setInterval(watch, 500).unref()
}

// The gateway first, so that calls in flight still find their server.
async function stop(exitCode) {
  stopping = true
  for (const child of running.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    await ended
    clearTimeout(timer)
  }
  process.exit(exitCode)
}

async function fail(error) {
  if (stopping) return
  console.error(error instanceof Fixable ? `\n${error.message}` : error)
  await stop(1)
}

/** Takes a port of 127.0.0.1; what it returns gives it back. Null: somebody else has it. */
async function holdPort(port) {
  const holder = createServer()
  const listening = once(holder, 'listening')
  holder.listen(port, '127.0.0.1')
  const free = await listening.then(
    () => true,
    () => false,
  )
  return free ? () => new Promise((resolve) => holder.close(resolve)) : null
}

function pick(from, names) {
  return Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
}
