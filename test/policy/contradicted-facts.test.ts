import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PartialFacts } from '../../src/contracts.js'
import { completeFacts } from '../../src/policy/complete-facts.js'
import { echo } from './completed.js'

/** `path problem; fix` of each. */
function problemsOf(given: PartialFacts): string[] {
  const outcome = completeFacts(given)
  if (outcome.ok) return []
  return outcome.problems.map(({ path, problem, fix }) => `${path.join('.')} ${problem}; ${fix}`)
}

const wrong: readonly (readonly [string, PartialFacts, string])[] = [
  [
    'no method',
    { resource: { server: 's' } },
    'action.name the method is missing; say which, such as tools/call',
  ],
  [
    'no server',
    { resource: { type: 'tool', id: 'echo' } },
    'resource.server is missing; name a server as in the configuration',
  ],
  [
    'no item',
    {
      resource: { type: 'resource_template', server: 's' },
      action: { name: 'completion/complete' },
    },
    'resource.id is missing; name the resource template',
  ],
  [
    'no kind of reference',
    { resource: { server: 's' }, action: { name: 'completion/complete' } },
    'resource.type is missing; write prompt or resource_template',
  ],
  [
    'another class',
    { resource: echo, action: { class: 'list' } },
    'action.class is not the class of tools/call; write use or leave it out',
  ],
  [
    'a type that the method is not about',
    { resource: echo, action: { name: 'prompts/get' } },
    'resource.type is not what prompts/get is about; write prompt',
  ],
  [
    'a server of another name',
    { resource: { server: 's', id: 't' }, action: { name: 'ping' } },
    'resource.id is not s; keep one of them, or leave it out',
  ],
  [
    'a task of another id',
    { resource: { server: 's', id: 't', params: { taskId: 'u' } }, action: { name: 'tasks/get' } },
    'resource.id is not u; keep one of them, or leave it out',
  ],
  [
    'annotations of what is not known',
    { resource: { ...echo, known: false, annotations: {} } },
    'resource.annotations is absent where the item is not known; leave it out',
  ],
  [
    'a digest of a server',
    { resource: { server: 's', digest: 'd' }, action: { name: 'ping' } },
    'resource.digest is absent where the item is not known; leave it out',
  ],
  [
    'a task that is known',
    { resource: { server: 's', id: 't', known: true }, action: { name: 'tasks/get' } },
    'resource.known servers define no task; leave it out',
  ],
  [
    'a URI of a tool',
    { resource: { ...echo, uri: { scheme: 'file' } } },
    'resource.uri only resources and templates have it; leave it out',
  ],
  [
    'a part that the URI does not have',
    { resource: { type: 'resource', id: 'file:///a', server: 's', uri: { scheme: 'http' } } },
    'resource.uri.scheme is not that of file:///a; leave it out, it is worked out',
  ],
  [
    'arguments for the server',
    { resource: { server: 's', arguments: {} }, action: { name: 'tools/list' } },
    'resource.arguments tools/list is about no item that has arguments; write them below params',
  ],
  [
    'parameters that are elsewhere',
    { resource: { ...echo, params: { name: 'echo' } } },
    'resource.params.name is not among the parameters of the facts; leave it out',
  ],
  [
    'arguments of an item question',
    { resource: { ...echo, arguments: {} }, context: { question: 'item' } },
    'resource.arguments is absent in an item question; leave it out',
  ],
  [
    'an item question of a list',
    { resource: { server: 's' }, action: { name: 'tools/list' }, context: { question: 'item' } },
    'context.question no item question asks for tools/list; ask for tools/call, prompts/get, resources/read, tasks/get',
  ],
  [
    'an item question of a server',
    { resource: echo, context: { question: 'item', direction: 'server' } },
    'context.direction an item question is a request of a client; leave it out',
  ],
  [
    'a response by another name',
    { resource: echo, context: { kind: 'response' } },
    'context.kind is not that of tools/call; the method of a response is `response`',
  ],
  [
    'a name of nobody',
    { resource: echo, subject: { method: 'anonymous', id: 'bob' } },
    'subject.id is not that of an anonymous caller; write anonymous',
  ],
  [
    'an era that the revision is not of',
    { resource: echo, context: { era: 'legacy', protocol_version: '2026-07-28' } },
    'context.era is not that of 2026-07-28; write modern or leave it out',
  ],
  [
    'a number that JSON cannot hold',
    { resource: { ...echo, arguments: { n: [Number.NaN] } } },
    'resource.arguments.n.0 is a number that is not exact; write it as a text, or a smaller one',
  ],
  [
    'a number that would be another',
    { resource: { ...echo, arguments: { n: 2 ** 53 } } },
    'resource.arguments.n is a number that is not exact; write it as a text, or a smaller one',
  ],
  [
    'no instant',
    { resource: echo, context: { time: '2026-01-05 09:00' } },
    'context.time is no instant in UTC; write it as 2026-01-05T09:00:00Z',
  ],
  [
    'a day that February does not have',
    { resource: echo, context: { time: '2026-02-30T09:00:00Z' } },
    'context.time is no instant in UTC; write it as 2026-01-05T09:00:00Z',
  ],
  [
    'no date',
    { resource: echo, context: { date: '2026-02-30' } },
    'context.date is no date; write it as 2026-01-05',
  ],
  [
    'half a millisecond',
    { resource: echo, context: { time_ns: 500_000 } },
    'context.time_ns is no moment; write whole milliseconds, or `time` instead',
  ],
  [
    'an hour at another time',
    { resource: echo, context: { time: '2026-01-05T09:00:00Z', hour: 10 } },
    'context.hour is 10, but at 2026-01-05T09:00:00Z it is 9; keep one of them, the rest is worked out',
  ],
  [
    'a weekday of another date',
    { resource: echo, context: { date: '2026-01-05', weekday: 'sunday' } },
    'context.weekday is sunday, but at 2026-01-05T09:00:00Z it is monday; keep one of them, the rest is worked out',
  ],
  [
    'an hour that it is not there',
    { resource: echo, context: { hour: 9, zones: { 'Europe/Zurich': { hour: 9 } } } },
    'context.zones.Europe/Zurich.hour is 9, but at 2026-01-05T09:00:00Z it is 10; keep one of them, the rest is worked out',
  ],
  [
    'no time zone',
    { resource: echo, context: { zones: { 'Europe/Zurch': {} } } },
    'context.zones.Europe/Zurch is no time zone; write an IANA name such as Europe/Zurich',
  ],
]

for (const [description, given, problem] of wrong) {
  test(`${description} is told of`, () => assert.equal(problemsOf(given), [problem]))
}

test('all problems are told of at once', () => {
  const given = {
    resource: { ...echo, known: false, digest: 'd' },
    context: { hour: 9, date: 'x' },
  }
  assert.is(problemsOf({ ...given, action: { class: 'list' } }).length, 3)
})

test.run()
