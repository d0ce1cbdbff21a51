/**
 * A session of the older era with servers that do not speak Streamable HTTP: the reference server on
 * standard input and output and over HTTP+SSE. A real client that speaks Streamable HTTP notices no
 * difference to the same server reached directly, and what policy refuses is refused there too.
 */
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { call, openSession } from '../support/messages.js'
import { allowAll, shippedRules } from '../support/peer-items.js'
import { withoutVarying } from '../support/peer-survey.js'
import {
  type Job,
  loud,
  type PeerServer,
  runClient,
  startEverything,
  startEverythingSse,
} from '../support/peers.js'
import { textOf } from '../support/stdio.js'

interface Dialogue {
  readonly heard: {
    readonly requests: readonly { readonly method: string }[]
    readonly logs: readonly string[]
    readonly updated: readonly string[]
    readonly progress: readonly object[]
  }
  readonly calls: Readonly<Record<string, string>>
  readonly ended: { readonly status: number; readonly sessionId: string | null }
}

const everything = fileURLToPath(
  new URL(
    '../../../node_modules/@modelcontextprotocol/server-everything/dist/index.js',
    import.meta.url,
  ),
)
const kinds = ['stdio', 'sse'] as const
const uri = 'demo://resource/dynamic/text/1'

let direct: PeerServer
let sse: PeerServer
let open: Gateway
const ruled: Gateway[] = []
let dialogues: Map<string, Dialogue>

test.before(
  loud(async () => {
    direct = await startEverything()
    sse = await startEverythingSse()
    const upstreams = {
      stdio: { command: process.execPath, args: [everything, 'stdio'] },
      sse: { url: sse.url, transport: 'sse' },
    }
    open = await startGateway({ upstreams, policy: allowAll })
    const job = { sdk: 'v1', scenario: 'legacyDialogue' } as const
    const jobs: Job[] = [{ ...job, name: 'direct', url: direct.url, key: null }]
    for (const kind of kinds) {
      const path = `/mcp/${kind}`
      jobs.push({ ...job, name: kind, url: `${open.url}${path}`, key: keyOf('alice') })
      const gateway = await startGateway({
        upstreams: { everything: upstreams[kind] },
        callers: { reader: ['reader'] },
        policy: shippedRules(),
      })
      ruled.push(gateway)
      const url = `${gateway.url}/mcp/everything`
      jobs.push({ ...job, name: `${kind} reader`, url, key: keyOf('reader') })
    }
    dialogues = await runClient<Dialogue>(jobs)
  }),
)

test.after(async () => {
  await open?.close()
  for (const gateway of ruled) await gateway.close()
  await direct?.stop()
  await sse?.stop()
})

function dialogueOf(name: string): Dialogue {
  const dialogue = dialogues.get(name)
  if (dialogue === undefined) throw new Error('there is no such dialogue')
  return dialogue
}

function comparable({ heard, calls, ended }: Dialogue): unknown {
  const once = (items: readonly unknown[]) =>
    [...new Set(items.map((item) => withoutVarying(JSON.stringify(item))))].sort()
  const { requests, updated, progress } = heard
  return {
    requests: once(requests),
    updated: once(updated),
    progress,
    // Over standard input and output the server knows no session of its own.
    calls: withoutVarying(JSON.stringify(calls)).replace('session undefined', 'session <uuid>'),
    ended,
  }
}

for (const kind of kinds) {
  test(`${kind}: a session is as with the server over Streamable HTTP`, () => {
    assert.equal(comparable(dialogueOf(kind)), comparable(dialogueOf('direct')))
    assert.match(dialogueOf(kind).heard.logs.join(), `Received Subscribe Resource request for URI`)
  })

  test(`${kind}, reader: the server is refused, the client hears nothing of it`, () => {
    const { heard, calls, ended } = dialogueOf(`${kind} reader`)
    assert.equal(heard.requests, [])
    assert.match(calls['sampling'] ?? '', 'refused by the gateway')
    assert.match(calls['elicitation'] ?? '', 'refused by the gateway')
    assert.equal([...new Set(heard.updated)], [uri])
    assert.equal(heard.progress.length, 3)
    assert.equal(ended, { status: 200, sessionId: null })
  })

  test(`${kind}: twenty clients with the same ids each get their own answers`, async () => {
    const path = `/mcp/${kind}`
    const headers = await Promise.all(
      Array.from({ length: 20 }, async () => ({
        'mcp-session-id': await openSession(open, { path }),
      })),
    )
    const sent = headers.flatMap((one, client) =>
      [0, 1, 2].map(async (id) => {
        const message = `client ${client}, id ${id}`
        const body = call('echo', { arguments: { message } }, id)
        return textOf(await open.send({ path, headers: one, body })) === `Echo: ${message}`
      }),
    )
    assert.ok((await Promise.all(sent)).every(Boolean))
  })
}

test.run()
