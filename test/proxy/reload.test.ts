/**
 * A saved policy is in force a moment later; a broken one changes nothing and says so with its
 * place, on admin health, in the metrics and in the log. What was admitted keeps its revision.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Child, startChild } from '../support/child.js'
import { Connection } from '../support/connection.js'
import { requestBytes, rolePolicy, startGateway, writePolicy } from '../support/gateway.js'
import { call, notification, openSession, request } from '../support/messages.js'
import { event, events, json, mcpServer, result, startUpstream } from '../support/upstream.js'

const upstream = await startUpstream()
const gateway = await startGateway({ upstreams: { up: upstream.url } })
const child = await startChild({ upstreams: { up: upstream.url } })

test.after(async () => {
  await gateway.close()
  await child.close()
  await upstream.close()
})

const allText = rolePolicy['main.rego'] ?? ''
/** As `rolePolicy`, but `open-tool` and log messages of a server are denied too. */
const narrow = {
  'main.rego': `${allText}
_denied if input.resource.id == "open-tool"

_denied if input.action.name == "notifications/message"
`,
}
const broken = { 'main.rego': `${allText}\n_denied if input.tol.name == "x"\n` }
const brokenPlace = /main\.rego:22:12: undefined ref: input\.tol\.name/

async function health() {
  return JSON.parse((await gateway.admin('/health')).body).policy
}

async function isDenied(): Promise<boolean> {
  const answer = await gateway.send({ body: call('open-tool') })
  return JSON.parse(answer.body).result.isError === true
}

async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function metric(name: RegExp): Promise<string | undefined> {
  return name.exec((await gateway.admin('/metrics')).body)?.[0]
}

test('a saved file is in force, a broken one is not, each says so', async () => {
  const { revision: first } = await health()
  assert.not.ok(await isDenied())

  await writePolicy(gateway.policyFolder, narrow)
  await eventually('the new policy', isDenied)
  const { revision: second, problem: none } = await health()
  assert.is.not(second, first)
  assert.is(none, null)
  assert.is((await gateway.audit()).at(-1)?.revision, second)

  await writePolicy(gateway.policyFolder, broken)
  await eventually('a problem', async () => (await health()).problem !== null)
  const { revision: kept, problem } = await health()
  assert.is(kept, second, 'the old revision stays')
  assert.match(problem, brokenPlace)
  assert.ok(await isDenied(), 'and decides')
  assert.ok(await metric(/policy_activations_total\{result="refused"\} 1\b/))
  assert.ok(gateway.logged.some((line) => line.includes('"refused"') && brokenPlace.test(line)))
  assert.is((await gateway.admin('/ready')).status, 200)

  await writePolicy(gateway.policyFolder, rolePolicy)
  await eventually('the first policy again', async () => !(await isDenied()))
  const last = await health()
  assert.equal([last.revision, last.problem], [first, null])
})

test('what was admitted keeps its revision; what comes on a stream does not', async () => {
  await writePolicy(gateway.policyFolder, rolePolicy)
  await gateway.guard.reload()
  const { revision: first } = await health()
  const session = await openSession(gateway)
  let answerList: () => void = () => undefined
  let say: (text: string) => void = () => undefined
  upstream.script = (seen, response) => {
    if (seen.verb === 'GET') {
      events(response, ': open\n\n')
      say = (text) => response.write(text)
      return
    }
    if (seen.message.method !== 'tools/list') return mcpServer()(seen, response)
    answerList = () => json(response, result(seen.message.id, { tools: [{ name: 'open-tool' }] }))
  }
  const stream = await gateway.open({ verb: 'GET', headers: { 'mcp-session-id': session } })
  await stream.head()
  await stream.until(':\n\n')
  const list = await gateway.open({ body: request('tools/list') })
  await upstream.arrives(({ message }) => message.method === 'tools/list')

  await writePolicy(gateway.policyFolder, narrow)
  assert.ok((await gateway.guard.reload()).ok)
  const { revision: second } = await health()
  answerList()
  assert.match((await list.answer()).body, 'open-tool')
  const listed = await gateway.event((one) => one.method === 'tools/list')
  assert.is(listed.revision, first)

  say(event(notification('notifications/message', { level: 'info' })))
  say(event(notification('notifications/tools/list_changed')))
  assert.not.match(await stream.until('\n\n'), 'notifications/message')
  const denied = await gateway.event((one) => one.method === 'notifications/message')
  assert.equal([denied.outcome, denied.revision], ['denied', second])
  list.close()
  stream.close()
})

test('SIGHUP reloads, a broken policy is told with its place', async () => {
  await writePolicy(child.policyFolder, narrow)
  child.signal('SIGHUP')
  await child.says('SIGHUP: revision')
  assert.match(await ask(child), '"isError":true')
  await writePolicy(child.policyFolder, broken)
  child.signal('SIGHUP')
  assert.match(await child.says('main.rego'), brokenPlace)
  assert.match(await ask(child), '"isError":true')
})

test('SIGHUP after the audit file was renamed: the next events are in a new one', async () => {
  const earlier = (await child.audit()).length
  assert.ok(earlier > 0)
  await rename(child.auditFile, `${child.auditFile}.1`)
  child.signal('SIGHUP')
  await eventually('a new audit file', async () => existsSync(child.auditFile))
  await ask(child)
  assert.equal(
    (await child.audit()).map(({ method }) => method),
    ['tools/call'],
  )
  const old = (await readFile(`${child.auditFile}.1`, 'utf8')).trim().split('\n')
  assert.is(old.length, earlier)
})

async function ask({ url }: Child): Promise<string> {
  const connection = await Connection.open(url)
  connection.send(requestBytes({ path: '/mcp/up', body: call('open-tool') }, new URL(url).host))
  const { body } = await connection.answer()
  connection.close()
  return body
}

test('the policy that was saved last is active last, however long the one before it takes', async () => {
  const own = await startGateway({ upstreams: { up: upstream.url } })
  const denies = async () => {
    const answer = await own.send({ body: call('open-tool') })
    return JSON.parse(answer.body).result.isError === true
  }
  await writePolicy(own.policyFolder, narrow)
  assert.ok((await own.guard.reload()).ok)
  assert.ok(await denies())
  // One that nobody has compiled yet takes a second; the next comes out of the cache at once.
  const wide = { 'main.rego': `${allText}\n# ${randomUUID()}\n` }
  await writePolicy(own.policyFolder, wide)
  const slow = own.guard.reload()
  await new Promise((resolve) => setTimeout(resolve, 100))
  await writePolicy(own.policyFolder, narrow)
  const quick = own.guard.reload()
  await Promise.all([slow, quick])
  assert.ok(await denies(), 'what is on disk is what is in force')
  await own.close()
})

test('a policy that is saved while the gateway starts is noticed', async () => {
  const own = await startGateway({
    upstreams: { up: upstream.url },
    policy: { 'main.rego': `${allText}\n# ${randomUUID()}\n` },
    starting: (folder) => {
      setTimeout(() => void writePolicy(folder, narrow), 150)
    },
  })
  await eventually('the policy saved during the start', async () => {
    const answer = await own.send({ body: call('open-tool') })
    return JSON.parse(answer.body).result.isError === true
  })
  await own.close()
})

test.run()
