/**
 * Where policy allows everything a client cannot tell the gateway from the server: each answer of a
 * whole session is the same text, read off the wire before any SDK has interpreted it. The one
 * difference is that a result which was public to caches is private, a list on each of its pages.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import { allowAll, type ServerName, tries } from '../support/peer-items.js'
import { type Exchange, type Survey, transcript } from '../support/peer-survey.js'
import {
  type Job,
  loud,
  type PeerServer,
  runClient,
  startEverything,
  startModern,
} from '../support/peers.js'

type Row = Pick<Job, 'sdk' | 'mode'> & { readonly name: string; readonly server: ServerName }

const rows: readonly Row[] = [
  { name: 'v1, legacy server', sdk: 'v1', server: 'everything' },
  { name: 'v1, modern server', sdk: 'v1', server: 'modern' },
  { name: 'v2 legacy, legacy server', sdk: 'v2', mode: 'legacy', server: 'everything' },
  { name: 'v2 auto, legacy server', sdk: 'v2', mode: 'auto', server: 'everything' },
  { name: 'v2 legacy, modern server', sdk: 'v2', mode: 'legacy', server: 'modern' },
  { name: 'v2 auto, modern server', sdk: 'v2', mode: 'auto', server: 'modern' },
  { name: 'v2 modern, modern server', sdk: 'v2', mode: 'modern', server: 'modern' },
]

const servers = new Map<ServerName, PeerServer>()
let gateway: Gateway
let surveys: Map<string, Survey>

test.before(
  loud(async () => {
    servers.set('everything', await startEverything())
    servers.set('modern', await startModern())
    gateway = await startGateway({
      upstreams: { everything: urlOf('everything'), modern: urlOf('modern') },
      policy: allowAll,
    })
    const jobs = rows.flatMap(({ server, ...client }): Job[] => {
      const job = { ...client, scenario: 'survey', tries: withUnknown(server) } as const
      const through = `${gateway.url}/mcp/${server}`
      return [
        { ...job, name: `${client.name} direct`, url: urlOf(server), key: null },
        { ...job, name: `${client.name} through`, url: through, key: keyOf('alice') },
      ]
    })
    surveys = await runClient<Survey>(jobs)
  }),
)

test.after(async () => {
  await gateway?.close()
  for (const server of servers.values()) await server.stop()
})

function urlOf(server: ServerName): string {
  return servers.get(server)?.url ?? ''
}

/** Errors have to come through as well: names that do not exist, arguments that do not fit. */
function withUnknown(server: ServerName): object {
  const { callTool, getPrompt, readResource, complete } = tries[server]
  return {
    callTool: {
      ...callTool,
      nothing: { name: 'nothing', arguments: {} },
      misfit: { name: 'echo', arguments: { message: 5 } },
    },
    getPrompt: { ...getPrompt, nothing: { name: 'nothing' } },
    readResource: { ...readResource, nothing: { uri: 'nothing://here' } },
    complete,
  }
}

function surveyOf({ name }: Row, how: string): Survey {
  const survey = surveys.get(`${name} ${how}`)
  if (survey === undefined) throw new Error('there is no such survey')
  return survey
}

const lists = new Set(['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list'])

function privately(exchange: Exchange): Exchange {
  const messages = exchange.messages.map((text) =>
    text.replace('"cacheScope":"public"', '"cacheScope":"private"'),
  )
  return { ...exchange, messages }
}

for (const row of rows) {
  test(`${row.name}: every answer is the same on the wire`, () => {
    const direct = surveyOf(row, 'direct')
    const through = surveyOf(row, 'through')
    const expected = { ...direct, wire: direct.wire.map(privately) }
    const got = transcript(through)
    assert.ok(got.length > 20, `${got.length} exchanges`)
    assert.equal(got, transcript(expected))
  })

  test(`${row.name}: the client knows the same of the server`, () => {
    assert.equal(surveyOf(row, 'through').about, surveyOf(row, 'direct').about)
  })
}

test('both framings, errors, cursors and unknown members were among the answers', () => {
  const wire = rows.flatMap((row) => surveyOf(row, 'through').wire)
  const has = (text: string) => wire.some(({ messages }) => messages.some((m) => m.includes(text)))
  const types = new Set(wire.map(({ type }) => type))
  assert.ok(types.has('application/json') && types.has('text/event-stream'))
  const wanted = ['"error":{"code":-32602', '"isError":true', '"nextCursor":"3"']
    .concat('"structuredContent":', '"example.test/extra":{"n":[1,"ä",null]}', '"outputSchema":')
    .concat(
      '"example.test/page":3',
      '"exact":0.1',
      '"x-mcp-header":"Region"',
      '"requestState":"état',
    )
  assert.equal(
    wanted.filter((text) => !has(text)),
    [],
  )
})

test('every page of a list that was public to caches leaves as private, with its own time', () => {
  const modern = rows.filter(({ name }) => name.endsWith('modern, modern server'))
  const wire = modern.flatMap((row) => surveyOf(row, 'through').wire)
  const pages = wire.filter(({ asked }) => lists.has(asked)).flatMap(({ messages }) => messages)
  assert.ok(pages.length >= 6, `${pages.length} pages`)
  for (const page of pages) assert.match(page, '"ttlMs":60000,"cacheScope":"private"')
  const discovered = wire.find(({ asked }) => asked === 'server/discover')
  assert.match(discovered?.messages[0] ?? '', '"cacheScope":"private"')
})

test.run()
