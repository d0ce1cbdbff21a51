/**
 * Real reverse proxies in front of a gateway, unprivileged, on a port of loopback, in a folder of
 * their own. Their configuration is the one that docs/proxies.md shows, with this machine's ports.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Authority, Certificate } from './certificates.js'

export type ProxyKind = 'nginx' | 'haproxy'

export interface FrontProxy {
  readonly kind: ProxyKind
  readonly url: string
  close(): Promise<void>
}

export interface FrontProxyOptions {
  readonly folder: string
  readonly gatewayUrl: string
  readonly clients: Authority
  readonly server: Certificate
  /** Texts of the documented configuration and what stands there instead. */
  readonly changes?: readonly (readonly [string, string])[]
}

/** Fails with what to install where the proxy is not there. */
export async function startProxy(kind: ProxyKind, options: FrontProxyOptions): Promise<FrontProxy> {
  const folder = join(options.folder, `${kind}-${Math.random().toString(36).slice(2)}`)
  await mkdir(folder)
  const port = await freePort()
  const shown = await documented(kind)
  const text = changed(shown, [
    ['127.0.0.1:8080', new URL(options.gatewayUrl).host],
    ['8443', String(port)],
    ...(options.changes ?? []),
  ])
  const { server, clients } = options
  await writeFile(join(folder, 'server.pem'), server.cert + (kind === 'haproxy' ? server.key : ''))
  await writeFile(join(folder, 'server.key'), server.key)
  await writeFile(join(folder, 'clients-ca.pem'), clients.cert)
  const child = kind === 'nginx' ? await startNginx(folder, text) : await startHaproxy(folder, text)
  await answering(kind, port, child)
  return {
    kind,
    url: `https://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

/** The one block of that language in the page. */
async function documented(kind: ProxyKind): Promise<string> {
  const page = fileURLToPath(new URL('../../../docs/proxies.md', import.meta.url))
  const blocks = [...(await readFile(page, 'utf8')).matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  const found = blocks.filter(([, language]) => language === kind)
  if (found.length !== 1) throw new Error(`docs/proxies.md has ${found.length} ${kind} blocks`)
  return found[0]?.[2] ?? ''
}

function changed(text: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`docs/proxies.md does not say ${from}`)
    return before.replaceAll(from, to)
  }, text)
}

async function startNginx(folder: string, server: string): Promise<ChildProcess> {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = places.map((name) => `${name}_temp_path ${folder}/${name};`)
  const text = `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
access_log off;
${temporary.join('\n')}
${server}
}
`
  const file = join(folder, 'nginx.conf')
  await writeFile(file, text)
  return run('nginx', ['-e', 'stderr', '-p', folder, '-c', file], folder)
}

async function startHaproxy(folder: string, text: string): Promise<ChildProcess> {
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, `global\n  maxconn 100\n\n${text}`)
  return run('haproxy', ['-db', '-f', file], folder)
}

function run(command: string, args: readonly string[], folder: string): ChildProcess {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

async function answering(kind: ProxyKind, port: number, child: ChildProcess): Promise<void> {
  let said = ''
  let failed: string | null = null
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString()
  })
  child.once('error', (error) => {
    failed = `${error.message}: install it with scripts/install-debian-packages.sh (CI=true, root)`
  })
  child.once('exit', (code) => {
    failed ??= `it ended with ${code}: ${said}`
  })
  const deadline = performance.now() + 10_000
  while (!(await isOpen(port))) {
    if (failed !== null) throw new Error(`${kind} does not run: ${failed}`)
    if (performance.now() > deadline) throw new Error(`${kind} does not listen: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
