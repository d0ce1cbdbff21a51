/**
 * The Inspector's command line, a third client, through the gateway in both eras: what a caller's
 * lists hide cannot be had, what they show can, and each refusal is reported as one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { refusedToReader, type ServerName, shippedRules, tries } from '../support/peer-items.js'
import {
  type Inspected,
  inspect,
  loud,
  type PeerServer,
  startEverything,
  startModern,
} from '../support/peers.js'

const denied = /^Denied by policy \(decision [^ ]+\)\. Retrying will not help\.$/
/** Exit codes of the Inspector. */
const ok = 0
const failed = 1
const notFound = 5

const sessions: readonly { readonly server: ServerName; readonly era: readonly string[] }[] = [
  { server: 'everything', era: [] },
  { server: 'modern', era: ['--protocol-era', 'modern'] },
]
const lists = [
  { method: 'tools/list', member: 'tools', name: 'name', kind: 'tools' },
  { method: 'prompts/list', member: 'prompts', name: 'name', kind: 'prompts' },
  { method: 'resources/list', member: 'resources', name: 'uri', kind: 'resources' },
  {
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    name: 'uriTemplate',
    kind: 'resourceTemplates',
  },
] as const

/** What the Inspector is shown: its capabilities differ from those of the other clients. */
const shown: Readonly<Record<ServerName, Readonly<Record<string, readonly string[]>>>> = {
  everything: {
    tools: [
      'echo',
      'get-roots-list',
      'get-structured-content',
      'get-sum',
      'toggle-subscriber-updates',
      'trigger-long-running-operation',
    ],
    prompts: ['completable-prompt', 'simple-prompt'],
    resources: ['demo://resource/static/document/features.md'],
    resourceTemplates: ['demo://resource/dynamic/text/{resourceId}'],
  },
  modern: {
    tools: ['add', 'announce', 'count', 'echo', 'greet', 'locate'],
    prompts: ['plain', 'review'],
    resources: ['notes://open/1', 'notes://open/2'],
    resourceTemplates: ['notes://draft/{id}'],
  },
}

let servers: readonly PeerServer[] = []
let gateway: Gateway
let folder: string

test.before(
  loud(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcp-guard-inspector-'))
    const [everything, modern] = await Promise.all([startEverything(), startModern()])
    servers = [everything, modern]
    gateway = await startGateway({
      upstreams: { everything: everything.url, modern: modern.url },
      callers: { reader: ['reader'], admin: ['admin'] },
      policy: shippedRules(),
    })
  }),
)

test.after(async () => {
  await gateway?.close()
  for (const server of servers) await server.stop()
  await rm(folder, { recursive: true, force: true })
})

function run(server: ServerName, args: readonly string[], caller = 'reader'): Promise<Inspected> {
  const catalog = join(folder, `${args.join('-').replace(/[^a-z]/g, '-')}.json`)
  return inspect(`${gateway.url}/mcp/${server}`, { key: keyOf(caller), catalog, args })
}

function names(items: unknown, member: string): string[] {
  assert.ok(Array.isArray(items))
  return items.map((item: Record<string, unknown>) => String(item[member])).sort()
}

for (const { server, era } of sessions) {
  const say = (method: string, ...args: string[]) => [...era, '--method', method, ...args]

  test(`${server}: lists show what is granted`, async () => {
    for (const { method, member, name, kind } of lists) {
      const { exitCode, result, error } = await run(server, say(method))
      assert.equal({ exitCode, error }, { exitCode: ok, error: null })
      assert.equal(names(result?.[member], name), shown[server][kind], kind)
    }
  })

  test(`${server}: what is granted works`, async () => {
    const text = server === 'everything' ? 'Echo: hi' : 'hi'
    const call = await run(
      server,
      say('tools/call', '--tool-name', 'echo', '--tool-arg', 'message=hi'),
    )
    assert.equal(call.result?.['content'], [{ type: 'text', text }])
    const [uri = ''] = shown[server]['resources'] ?? []
    assert.is((await run(server, say('resources/read', '--uri', uri))).exitCode, ok)
  })

  test(`${server}: a hidden tool is not there to be called`, async () => {
    // It looks in the list first, so every further one would be the same.
    const [name = ''] = refusedToReader[server]['tools'] ?? []
    const { exitCode, error } = await run(server, say('tools/call', '--tool-name', name))
    const message = `Tool '${name}' not found on server.`
    assert.equal({ exitCode, error }, notFoundWith(message))
  })

  test(`${server}: hidden prompts and resources are refused`, async () => {
    const [name = ''] = refusedToReader[server]['prompts'] ?? []
    const given = Object.entries(argumentsOf(server, name)).map(([key, value]) => `${key}=${value}`)
    const args = say('prompts/get', '--prompt-name', name, '--prompt-args', ...given)
    assertDenied(await run(server, args), name)
    const [uri = ''] = refusedToReader[server]['resources'] ?? []
    assertDenied(await run(server, say('resources/read', '--uri', uri)), uri)
  })
}

test('admin sees and calls what is hidden from the reader', async () => {
  const { result } = await run('everything', ['--method', 'tools/list'], 'admin')
  const all = names(result?.['tools'], 'name')
  const hidden = (refusedToReader.everything['tools'] ?? []).filter((name) => all.includes(name))
  assert.equal(hidden, refusedToReader.everything['tools'])
  const args = ['--method', 'tools/call', '--tool-name', 'get-annotated-message']
  const call = await run('everything', [...args, '--tool-arg', 'messageType=success'], 'admin')
  assert.is(call.exitCode, ok)
})

test('pinned to the newer era, a server of the older one is reported as without a gateway', async () => {
  const args = ['--protocol-era', 'modern', '--method', 'tools/list']
  const through = await run('everything', args)
  const url = servers[0]?.url ?? ''
  const direct = await inspect(url, { key: 'none', catalog: join(folder, 'direct.json'), args })
  assert.is(through.exitCode, failed)
  assert.equal(through, direct)
})

function notFoundWith(message: string): object {
  return { exitCode: notFound, error: { error: { code: 'tool_not_found', message } } }
}

function assertDenied({ exitCode, error }: Inspected, what: string): void {
  assert.is(exitCode, failed, what)
  const { message } = Object(error?.['error'])
  assert.match(message, denied, what)
}

function argumentsOf(server: ServerName, prompt: string): Record<string, string> {
  const given = tries[server].getPrompt[prompt] as { arguments?: Record<string, string> }
  return given.arguments ?? {}
}

test.run()
