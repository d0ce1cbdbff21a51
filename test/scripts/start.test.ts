/**
 * `npm start` as a reader meets it: the printed lines are run as they are printed, and however the
 * demo ends, neither the gateway nor the server behind it stays.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const cache = 'node_modules/.cache/mcp-guard'
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(`${cache}/demo-`)
const started: ChildProcess[] = []

test.after(() => {
  for (const child of started) child.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

interface Demo {
  readonly child: ChildProcess
  readonly output: string
  /** The gateway's port and the port of the server behind it. */
  readonly ports: readonly number[]
}

async function startDemo(command: string, args: readonly string[]): Promise<Demo> {
  const port = await freePort()
  const child = spawn(command, [...args, '--port', String(port), '--folder', folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const deadline = performance.now() + 30_000
  while (!output.includes('Ctrl-C stops everything.')) {
    assert.is(child.exitCode, null, output)
    assert.ok(performance.now() < deadline, output)
    await sleep(50)
  }
  const config = readFileSync(join(folder, 'mcp-guard.yaml'), 'utf8')
  const upstreamPort = Number(/everything: \{ url: "http:\/\/127\.0\.0\.1:(\d+)/.exec(config)?.[1])
  return { child, output, ports: [port, upstreamPort] }
}

const npmStart = (): Promise<Demo> => startDemo('npm', ['start', '--silent', '--'])
const nodeStart = (): Promise<Demo> => startDemo(process.execPath, ['scripts/start.mjs'])

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  return address.port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  const outcome = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  socket.destroy()
  return outcome
}

async function assertGone({ ports }: Demo): Promise<void> {
  const deadline = performance.now() + 10_000
  for (const port of ports) {
    while (await answers(port)) {
      assert.ok(performance.now() < deadline, `port ${port} still answers`)
      await sleep(50)
    }
  }
}

test('the printed lines do what they say; SIGTERM ends everything', async () => {
  const demo = await npmStart()
  const lines = demo.output.split('\n').flatMap((line) => /^ {4}(node .*)$/.exec(line)?.[1] ?? [])
  const results = lines.map((line) => {
    // No line needs a shell's help: words and spaces only.
    assert.match(line, /^[\w./:= -]+$/)
    const [, ...args] = line.split(' ')
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, text: stdout + stderr }
  })
  assert.is(results.length, 3)
  const [allowed, denied, list] = results
  assert.is(allowed?.status, 0, allowed?.text)
  assert.match(allowed?.text ?? '', 'Echo: hello')
  assert.is(denied?.status, 1, denied?.text)
  assert.match(denied?.text ?? '', 'Denied by policy')
  assert.match(denied?.text ?? '', '"reasons":["not-granted"]')
  assert.is(list?.status, 0)
  const [, reader, admin] =
    /reader\.key:\n([\s\S]*)admin\.key:\n([\s\S]*)/.exec(list?.text ?? '') ?? []
  assert.match(reader ?? '', 'echo')
  assert.not.match(reader ?? '', 'get-env')
  assert.match(admin ?? '', 'get-env')
  assert.is(statSync(folder).mode & 0o777, 0o700)
  for (const file of ['admin.key', 'reader.key', 'mcp-guard.yaml', 'audit.ndjson']) {
    assert.is(statSync(join(folder, file)).mode & 0o777, 0o600, file)
  }
  demo.child.kill('SIGTERM')
  await once(demo.child, 'exit')
  await assertGone(demo)
})

test('Ctrl-C ends everything with exit 0, and the keys are the same the next time', async () => {
  const before = readFileSync(join(folder, 'reader.key'), 'utf8')
  const demo = await nodeStart()
  demo.child.kill('SIGINT')
  assert.equal(await once(demo.child, 'exit'), [0, null])
  await assertGone(demo)
  assert.is(readFileSync(join(folder, 'reader.key'), 'utf8'), before)
})

test('npm killed outright: nothing stays', async () => {
  const demo = await npmStart()
  demo.child.kill('SIGKILL')
  await assertGone(demo)
})

test('the starter killed outright: nothing stays', async () => {
  const demo = await nodeStart()
  demo.child.kill('SIGKILL')
  await assertGone(demo)
})

test('a port in use is named, with the way out', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no port')
  const args = ['scripts/start.mjs', '--port', String(address.port), '--folder', folder]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  started.push(child)
  let text = ''
  child.stderr.on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  server.close()
  assert.is(code, 1)
  assert.match(text, `Port ${address.port} of 127.0.0.1 is taken`)
  assert.match(text, `npm start -- --port ${address.port + 1}`)
})

test('a port that is none is refused', () => {
  const args = ['scripts/start.mjs', '--port', 'http']
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.is(status, 1)
  assert.match(stderr, '--port takes a number from 1 to 65535')
})

test.run()
