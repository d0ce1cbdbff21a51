/** `can` says what the gateway does: about the same callers, servers, items and arguments. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { keyOf } from '../support/gateway.js'
import { call, request } from '../support/messages.js'
import { json } from '../support/upstream.js'
import { can, closeRig, config, freshOffer, gateway, noon, run, server, tools } from './can-rig.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

test.before.each(freshOffer)
test.after(closeRig)

test('as a process of its own it says the same, and ends', async () => {
  const words = ['can', 'alice', '-c', config, '--server', 'up', ...noon]
  const ended = await cli(words)
  assert.is(ended.code, 0, ended.stderr)
  assert.equal(ended, await inProcess(words))
})

interface View {
  readonly kind: string
  readonly name: string
  readonly seen: boolean
  readonly use: string
}

async function listedBy(as: string, method: string, kind: string, member: string) {
  const names: Json[] = []
  for (let params: JsonObject | undefined = {}; params !== undefined; ) {
    const { body } = await gateway.send({ as, body: request(method, params) })
    const { result } = JSON.parse(body)
    names.push(...result[kind].map((item: JsonObject) => item[member]))
    params = result.nextCursor === undefined ? undefined : { cursor: result.nextCursor }
  }
  return names
}

test('what it says of every item is what the gateway does', async () => {
  const lists = {
    tools: 'name',
    prompts: 'name',
    resources: 'uri',
    resourceTemplates: 'uriTemplate',
  }
  const methods = {
    tools: 'tools/list',
    prompts: 'prompts/list',
    resources: 'resources/list',
    resourceTemplates: 'resources/templates/list',
  }
  const found: Record<string, string[]> = {}
  for (const as of ['alice', 'root', 'eve']) {
    const { code, stdout } = await can(as, '--json')
    assert.is(code, 0)
    const { items } = JSON.parse(stdout).servers[0] as { items: View[] }
    for (const [kind, member] of Object.entries(lists)) {
      const listed = await listedBy(as, methods[kind as keyof typeof methods], kind, member)
      const seen = items.filter((item) => item.kind === kind && item.seen)
      assert.equal(
        [...new Set(listed)],
        seen.map(({ name }) => name),
        `${as} ${kind}`,
      )
    }
    for (const { name, use, kind } of items) {
      const body =
        kind === 'tools'
          ? call(name)
          : kind === 'resources'
            ? request('resources/read', { uri: name })
            : request('prompts/get', { name })
      if (kind === 'resourceTemplates') continue
      const answer = await gateway.send({ as, body })
      assert.is(!/Denied|denied/.test(answer.body), use === 'yes', `${as} ${name}: ${answer.body}`)
    }
    found[as] = items.map(({ use }) => use)
  }
  // Whoever runs the tests by night finds `timed` closed.
  found['alice'] = found['alice']?.map((use, at) => (at === 5 ? '-' : use)) ?? []
  assert.equal(found['alice'], [
    ...['yes', 'some', 'no', 'no', 'no', '-', 'no', 'no'],
    ...['yes', 'some', 'no', 'yes', 'no', 'yes'],
  ])
  assert.equal(new Set(found['eve']), new Set(['no']))
})

test('a table in a pipe: lines with tabs, a note for each server, text of servers made harmless', async () => {
  assert.equal(await can('alice', ...noon), {
    code: 0,
    stdout: `up\ttool\topen\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\ttool\tbounded\tseen\targuments\targument-out-of-bounds, not-granted
up\ttool\tdelete-all\thidden\tno\tscope-missing
up\ttool\twipes\thidden\tno\tscope-missing
up\ttool\ttwice\thidden\tno\tscope-missing
up\ttool\ttimed\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\ttool\town\thidden\tno\tnot-granted
up\ttool\tother\\u001b[2J\thidden\tno\tnot-granted
up\tprompt\task\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\tprompt\ttold\tseen\targuments\targument-out-of-bounds, not-granted
up\tprompt\tno\thidden\tno\tnot-granted
up\tresource\tfile:///a/b\tseen\tyes\tuser gold 60000 in 60 s, burst 5000
up\tresource\tfile:///c\thidden\tno\tnot-granted
up\ttemplate\tnote://{id}\tseen\tyes\tresource-granted
`,
    stderr: 'up: alice sees 7 of 14 items\n',
  })
})

test('of several keys one that can be used is enough, and the others are named', async () => {
  const file = join(folder, 'several.yaml')
  const entry = (digit: string, more: object) => ({
    id: 'alice',
    sha256: digit.repeat(64),
    roles: ['dev'],
    ...more,
  })
  const apiKeys = [entry('a', { expires: '2026-01-01T00:00:00Z' }), entry('b', {})]
  const value = {
    policy: { path: gateway.policyFolder },
    upstreams: { up: { url: server.upstream.url } },
    identity: { apiKeys },
  }
  writeFileSync(file, JSON.stringify(value), { mode: 0o600 })
  const { code, stdout, stderr } = await run('alice', 'open', '-c', file)
  assert.is(code, 0)
  assert.match(stdout, 'yes: alice may call open on up')
  assert.is(
    stderr,
    'alice has 2 keys, which give the same rights\nthe key sha256:aaaaaaaaaaaa… of alice has expired\n',
  )
})

test('all servers: each asked as the gateway asks, one that does not answer is said, exit 1', async () => {
  const { code, stdout, stderr } = await run('alice', '-c', config, '--json')
  assert.is(code, 1)
  const views = JSON.parse(stdout).servers as { server: string; items: View[] }[]
  assert.equal(
    views.map((view) => view.server),
    ['up', 'child'],
  )
  assert.ok((views[1]?.items.length ?? 0) > 0)
  assert.match(stderr, /^error: gone: .*ECONNREFUSED/m)
  const asked = server.upstream.seen
  assert.ok(asked.length >= 6)
  for (const { headers } of asked) {
    assert.is(headers.get('x-own'), 'of-the-gateway-1234')
    assert.not.match(JSON.stringify([...headers]), keyOf('alice'))
  }
  assert.is(asked[0]?.message.method, 'initialize')
  assert.is(asked.at(-1)?.verb, 'DELETE')
})

test('a server without sessions is asked in the newer era', async () => {
  server.instead = ({ message }, response) => {
    if (message.method !== 'initialize') return false
    json(response, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no' } }, 404)
    return true
  }
  const { code, stdout } = await can('alice', 'open')
  assert.is(code, 0)
  assert.match(stdout, 'yes: alice may call open on up')
  const list = server.upstream.seen.find(({ message }) => message.method === 'tools/list')
  assert.is(list?.headers.get('mcp-protocol-version'), '2026-07-28')
  assert.is(list?.headers.get('mcp-method'), 'tools/list')
})

test('an item that nobody offers is judged as unknown, and that is said', async () => {
  const { code, stdout, stderr } = await can('alice', 'opne')
  assert.is(code, 1)
  assert.match(stdout, 'not-granted')
  assert.is(stderr, 'up does not list it, so nothing is known of it\n')
})

test('a caller of whom the policy refuses lists sees nothing, and that is said', async () => {
  const main = join(folder, 'closed.rego')
  writeFileSync(
    main,
    'package mcpguard.main\n\ndefault decision := {"allow": false, "reasons": ["closed"]}\n\ndecision := {"allow": true} if input.action.class in {"session", "use"}\n',
  )
  const { stdout, stderr } = await can('alice', '--policy', main)
  assert.match(stdout, 'up\ttool\topen\thidden\tyes\tunlimited\n')
  assert.match(stderr, 'up: alice may not list tools (closed)\n')
  assert.match(stderr, 'up: alice sees 0 of 14 items\n')
})

test('without a server and without a configuration: items and facts from files', async () => {
  writeFileSync(join(folder, 'items.json'), `\ufeff${JSON.stringify({ tools })}`)
  writeFileSync(
    join(folder, 'answer.json'),
    JSON.stringify({ jsonrpc: '2.0', id: 7, result: { tools } }),
  )
  writeFileSync(
    join(folder, 'facts.json'),
    '{"subject": {"id": "zoe", "roles": ["dev"], "tenant": null}}',
  )
  // Whoever has a token is shown what more scopes would lift.
  for (const [items, who, sees] of [
    ['items.json', 'who.yaml', 5],
    ['answer.json', 'facts.json', 2],
  ] as const) {
    const offline = ['--policy', gateway.policyFolder, '--server', 'up', '--items', items]
    const all = await run('--subject', who, ...offline)
    assert.equal([all.code, all.stderr], [0, `up: zoe sees ${sees} of 8 items\n`])
    assert.match(all.stdout, 'up\ttool\topen\tseen\tyes\t')
    const one = await run('--subject', who, 'bounded', 'repo=acme/x', 'count:=2', ...offline)
    assert.is(one.code, 0, one.stderr)
    assert.match(one.stdout, 'yes: zoe may call bounded on up')
  }
  assert.equal(server.upstream.seen, [])
})

test.run()
