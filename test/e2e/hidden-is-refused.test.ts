/**
 * What is hidden from a caller's lists and what is refused to it are the same set, for each real
 * client, each era it speaks, each server and each key; and what is allowed is answered as if there
 * were no gateway.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Gateway, keyOf, startGateway } from '../support/gateway.js'
import {
  ofTemplates,
  refusedToReader,
  type ServerName,
  shippedRules,
  tries,
} from '../support/peer-items.js'
import {
  deniedOf,
  type ListedKind,
  namesOf,
  type Survey,
  type Verb,
  withoutVarying,
} from '../support/peer-survey.js'
import {
  type Job,
  loud,
  type PeerServer,
  runClient,
  startEverything,
  startModern,
} from '../support/peers.js'

type Client = Pick<Job, 'sdk' | 'mode'> & { readonly name: string }

const clients: readonly Client[] = [
  { name: 'v1', sdk: 'v1' },
  { name: 'v2 legacy', sdk: 'v2', mode: 'legacy' },
  { name: 'v2 auto', sdk: 'v2', mode: 'auto' },
  { name: 'v2 modern', sdk: 'v2', mode: 'modern' },
]
const pairs = clients.flatMap((client) =>
  (['everything', 'modern'] as const)
    .filter((server) => client.mode !== 'modern' || server === 'modern')
    .map((server) => ({ client, server })),
)
const callers = ['reader', 'admin'] as const
const kinds: readonly ListedKind[] = ['tools', 'prompts', 'resources', 'resourceTemplates']

let everything: PeerServer
let modern: PeerServer
let gateway: Gateway
const surveys = new Map<string, Survey>()

test.before(
  loud(async () => {
    ;[everything, modern] = await Promise.all([startEverything(), startModern()])
    gateway = await startGateway({
      upstreams: { everything: everything.url, modern: modern.url },
      callers: { reader: ['reader'], admin: ['admin'] },
      policy: shippedRules(),
    })
    const direct = { everything: everything.url, modern: modern.url }
    const jobs = pairs.flatMap(({ client, server }) => [
      job(client, server, 'direct', direct[server], null),
      ...callers.map((caller) =>
        job(client, server, caller, `${gateway.url}/mcp/${server}`, keyOf(caller)),
      ),
    ])
    const [v1, v2] = await Promise.all([
      runClient<Survey>(jobs.filter(({ sdk }) => sdk === 'v1')),
      runClient<Survey>(jobs.filter(({ sdk }) => sdk === 'v2')),
    ])
    for (const [name, survey] of [...v1, ...v2]) surveys.set(name, survey)
  }),
)

test.after(async () => {
  await gateway?.close()
  await everything?.stop()
  await modern?.stop()
})

function job(
  client: Client,
  server: ServerName,
  caller: string,
  url: string,
  key: string | null,
): Job {
  const name = `${client.name} ${server} ${caller}`
  return { ...client, name, scenario: 'survey', url, key, tries: tries[server] }
}

function surveyOf(client: Client, server: ServerName, caller: string): Survey {
  const survey = surveys.get(`${client.name} ${server} ${caller}`)
  if (survey === undefined) throw new Error('there is no such survey')
  return survey
}

/** The listed names that a refusal concerns: of templates, those whose resource is refused. */
function refusedNames(survey: Survey, server: ServerName, kind: ListedKind): string[] {
  if (kind === 'tools') return deniedOf(survey, 'callTool')
  if (kind === 'prompts') return deniedOf(survey, 'getPrompt')
  const denied = new Set(deniedOf(survey, 'readResource'))
  const templates = Object.entries(ofTemplates[server])
  if (kind === 'resourceTemplates') {
    return templates.flatMap(([template, uri]) => (denied.delete(uri) ? [template] : [])).sort()
  }
  for (const [, uri] of templates) denied.delete(uri)
  return [...denied].sort()
}

/** What the shipped rules refuse to the caller. */
function expectedRefusals(server: ServerName, caller: string, kind: ListedKind): string[] {
  if (caller === 'reader') return refusedToReader[server][kind] ?? []
  return server === 'modern' && kind === 'tools' ? ['delete_notes'] : []
}

for (const { client, server } of pairs) {
  test(`${client.name}, ${server}, direct: everything is tried and nothing refused`, () => {
    const direct = surveyOf(client, server, 'direct')
    assert.equal(namesOf(direct, 'tools'), Object.keys(tries[server].callTool).sort())
    assert.equal(namesOf(direct, 'prompts'), Object.keys(tries[server].getPrompt).sort())
    const readable = [...namesOf(direct, 'resources'), ...Object.values(ofTemplates[server])]
    assert.equal(readable.sort(), Object.keys(tries[server].readResource).sort())
    assert.equal(namesOf(direct, 'resourceTemplates'), Object.keys(ofTemplates[server]).sort())
    for (const kind of kinds) assert.equal(refusedNames(direct, server, kind), [])
    assert.is(direct.about['era'], eraOf(client, server))
  })

  for (const caller of callers) {
    for (const kind of kinds) {
      test(`${client.name}, ${server}, ${caller}: hidden ${kind} are the refused ones`, () => {
        const direct = surveyOf(client, server, 'direct')
        const guarded = surveyOf(client, server, caller)
        const shown = new Set(namesOf(guarded, kind))
        const hidden = namesOf(direct, kind).filter((name) => !shown.has(name))
        const expected = expectedRefusals(server, caller, kind)
        // A tool that may be used can still be denied what its server asks the client back.
        const refused = refusedNames(guarded, server, kind).filter(
          (name) => !(shown.has(name) && callsBack.has(name)),
        )
        assert.equal(refused, expected)
        assert.equal(hidden, expected)
      })
    }

    test(`${client.name}, ${server}, ${caller}: completions follow what they refer to`, () => {
      const guarded = surveyOf(client, server, caller)
      const hidden = kinds.flatMap((kind) => expectedRefusals(server, caller, kind))
      const expected = Object.keys(tries[server].complete).filter((name) => hidden.includes(name))
      assert.equal(deniedOf(guarded, 'complete'), expected.sort())
    })

    test(`${client.name}, ${server}, ${caller}: what is allowed is as without a gateway`, () => {
      const direct = surveyOf(client, server, 'direct')
      const guarded = surveyOf(client, server, caller)
      assert.is(guarded.about['era'], eraOf(client, server))
      assert.equal(comparable(guarded.about), comparable(direct.about))
      for (const kind of kinds) {
        const hidden = new Set(expectedRefusals(server, caller, kind))
        const kept = direct.listed[kind].filter((item) => !hidden.has(nameOf(item, kind)))
        assert.equal(guarded.listed[kind], kept)
      }
      let compared = 0
      for (const [verb, tried] of Object.entries(guarded.tried)) {
        for (const [name, outcome] of Object.entries(tried)) {
          if (outcome.denied !== undefined || callsBack.has(name)) continue
          const expected = direct.tried[verb as Verb][name]
          assert.equal(comparable(outcome), asPrivate(comparable(expected)), `${verb} ${name}`)
          compared += 1
        }
      }
      assert.ok(compared > 5, `${compared} compared`)
    })
  }
}

/** A result that passed is this caller's: that much the gateway tells caches. */
function asPrivate(value: unknown): unknown {
  const text = JSON.stringify(value)
  return JSON.parse(text.replaceAll('"cacheScope":"public"', '"cacheScope":"private"'))
}

test('a refusal has the form of its kind in every client', () => {
  let refusals = 0
  for (const survey of surveys.values()) {
    for (const [verb, tried] of Object.entries(survey.tried)) {
      for (const { denied, code } of Object.values(tried)) {
        if (denied === undefined) continue
        refusals += 1
        assert.match(denied, /Denied by policy \(decision [^ ]+\)\. Retrying will not help\.$/)
        // A tool's refusal is a result that the model reads; all others are errors.
        assert.is(code, verb === 'callTool' ? undefined : 1403)
      }
    }
  }
  assert.ok(refusals > 80, `${refusals} refusals`)
})

/** Tools whose server asks the client back, which is a grant of its own (see server-requests). */
const callsBack = new Set([
  'get-roots-list',
  'trigger-elicitation-request',
  'trigger-sampling-request',
  'greet',
])

function eraOf(client: Client, server: ServerName): string {
  const modernToo = client.mode === 'modern' || client.mode === 'auto'
  return modernToo && server === 'modern' ? 'modern' : 'legacy'
}

function nameOf(item: Survey['listed']['tools'][number], kind: ListedKind): string {
  return String(
    item[kind === 'resources' ? 'uri' : kind === 'resourceTemplates' ? 'uriTemplate' : 'name'],
  )
}

function comparable(value: unknown): unknown {
  return JSON.parse(withoutVarying(JSON.stringify(value)))
}

test.run()
