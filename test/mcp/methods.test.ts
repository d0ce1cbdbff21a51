import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JsonObject, ListKind } from '../../src/domain.js'
import {
  changedLists,
  hostMethods,
  isHostMethod,
  isKnownMethod,
  listItems,
  listMethods,
  listOf,
  methodInfo,
  namedItems,
} from '../../src/mcp/methods.js'

const test = suite('methods')

test('a member of Object.prototype and near misses are unknown methods', () => {
  const strangers = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'Tools/Call',
    'tools/call ',
    ' tools/call',
    'tools//call',
    'tools/call/',
    'tools\u2215call',
    'rpc.discover',
    '$/cancelRequest',
  ]
  for (const method of strangers) {
    assert.equal(
      methodInfo(method),
      { class: 'unknown', resourceType: 'server', direction: 'both', naming: null },
      method,
    )
    assert.not(isKnownMethod(method), method)
    assert.not(isHostMethod(method), method)
    assert.is(listOf(method), null, method)
    assert.equal(namedItems(method, { name: 'x', uri: 'y' }), [], method)
  }
})

const nameless: [string, JsonObject | undefined][] = [
  ['tools/call', undefined],
  ['tools/call', {}],
  ['tools/call', { Name: 'read' }],
  ['tools/call', { name: '' }],
  ['tools/call', { name: null }],
  ['tools/call', { name: ['read'] }],
  ['tools/call', { uri: 'read' }],
  ['prompts/get', { name: 7 }],
  ['resources/read', { name: 'file:///a' }],
  ['resources/subscribe', { uri: { href: 'file:///a' } }],
  ['resources/unsubscribe', {}],
  ['completion/complete', {}],
  ['completion/complete', { ref: 'ref/prompt' }],
  ['completion/complete', { ref: [] }],
  ['completion/complete', { ref: null }],
  ['completion/complete', { ref: { name: 'p' } }],
  ['completion/complete', { ref: { type: 'ref/tool', name: 'p' } }],
  ['completion/complete', { ref: { type: 'ref/prompt', uri: 'p' } }],
  ['completion/complete', { ref: { type: 'ref/resource', name: 'p' } }],
  ['subscriptions/listen', { notifications: [] }],
  ['subscriptions/listen', { notifications: null }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: 'file:///a' } }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: { 0: 'file:///a' } } }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: ['file:///a', ''] } }],
  ['subscriptions/listen', { notifications: { resourceSubscriptions: ['file:///a', 1] } }],
  ['subscriptions/listen', { notifications: { taskIds: [null] } }],
  ['notifications/resources/updated', {}],
  ['tasks/get', { taskId: 5 }],
  ['notifications/tasks/status', {}],
]

test('a message that has to name an item and does not is told apart', () => {
  for (const [method, params] of nameless) {
    assert.is(namedItems(method, params), null, `${method} ${JSON.stringify(params)}`)
  }
})

const naming: [string, JsonObject, [string, string, string][]][] = [
  ['tools/call', { name: 'read', uri: 'x' }, [['tool', 'read', 'tools/call']]],
  ['tools/call', { name: '__proto__' }, [['tool', '__proto__', 'tools/call']]],
  ['prompts/get', { name: 'p' }, [['prompt', 'p', 'prompts/get']]],
  ['resources/read', { uri: 'file:///a' }, [['resource', 'file:///a', 'resources/read']]],
  ['resources/subscribe', { uri: 'file:///a' }, [['resource', 'file:///a', 'resources/read']]],
  ['resources/unsubscribe', { uri: 'file:///a' }, [['resource', 'file:///a', 'resources/read']]],
  [
    'completion/complete',
    { ref: { type: 'ref/prompt', name: 'p' }, argument: { name: 'a', value: '' } },
    [['prompt', 'p', 'prompts/get']],
  ],
  [
    'completion/complete',
    { ref: { type: 'ref/resource', uri: 'file:///{a}' } },
    [['resource_template', 'file:///{a}', 'resources/read']],
  ],
  ['subscriptions/listen', {}, []],
  ['subscriptions/listen', { notifications: { toolsListChanged: true } }, []],
  [
    'subscriptions/listen',
    { notifications: { resourceSubscriptions: ['a:1', 'a:2'], taskIds: ['t'] } },
    [
      ['resource', 'a:1', 'resources/read'],
      ['resource', 'a:2', 'resources/read'],
      ['task', 't', 'tasks/get'],
    ],
  ],
  [
    'notifications/subscriptions/acknowledged',
    { notifications: { resourceSubscriptions: ['a:1'] } },
    [['resource', 'a:1', 'resources/read']],
  ],
  ['notifications/resources/updated', { uri: 'a:1' }, [['resource', 'a:1', 'resources/read']]],
  ['tasks/get', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['tasks/result', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['tasks/update', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['tasks/cancel', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['notifications/tasks', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['notifications/tasks/status', { taskId: 't' }, [['task', 't', 'tasks/get']]],
  ['tasks/list', {}, []],
  ['tools/list', { cursor: 'c' }, []],
  ['ping', {}, []],
  ['response', {}, []],
]

test('every named item comes with the action of its item question', () => {
  for (const [method, params, expected] of naming) {
    const items = namedItems(method, params)?.map((item) => [item.type, item.id, item.action])
    assert.equal(items, expected, `${method} ${JSON.stringify(params)}`)
  }
})

test('classes, resource types and directions are these', () => {
  const pins: [string, string, string, string][] = [
    ['initialize', 'session', 'server', 'client'],
    ['ping', 'session', 'server', 'both'],
    ['server/discover', 'session', 'server', 'client'],
    ['logging/setLevel', 'session', 'server', 'client'],
    ['subscriptions/listen', 'session', 'server', 'client'],
    ['stream/open', 'session', 'server', 'client'],
    ['session/close', 'session', 'server', 'client'],
    ['tools/list', 'list', 'server', 'client'],
    ['prompts/list', 'list', 'server', 'client'],
    ['resources/list', 'list', 'server', 'client'],
    ['resources/templates/list', 'list', 'server', 'client'],
    ['tools/call', 'use', 'tool', 'client'],
    ['prompts/get', 'use', 'prompt', 'client'],
    ['resources/read', 'use', 'resource', 'client'],
    ['resources/subscribe', 'use', 'resource', 'client'],
    ['resources/unsubscribe', 'use', 'resource', 'client'],
    ['completion/complete', 'use', 'completion', 'client'],
    ['tasks/get', 'use', 'task', 'both'],
    ['tasks/result', 'use', 'task', 'both'],
    ['tasks/update', 'use', 'task', 'both'],
    ['tasks/cancel', 'use', 'task', 'both'],
    ['tasks/list', 'use', 'server', 'both'],
    ['sampling/createMessage', 'use', 'server', 'server'],
    ['elicitation/create', 'use', 'server', 'server'],
    ['roots/list', 'use', 'server', 'server'],
    ['notifications/initialized', 'notify', 'server', 'client'],
    ['notifications/roots/list_changed', 'notify', 'server', 'client'],
    ['notifications/cancelled', 'notify', 'server', 'both'],
    ['notifications/progress', 'notify', 'server', 'both'],
    ['notifications/message', 'notify', 'server', 'server'],
    ['notifications/tools/list_changed', 'notify', 'server', 'server'],
    ['notifications/prompts/list_changed', 'notify', 'server', 'server'],
    ['notifications/resources/list_changed', 'notify', 'server', 'server'],
    ['notifications/resources/updated', 'notify', 'resource', 'server'],
    ['notifications/subscriptions/acknowledged', 'notify', 'server', 'server'],
    ['notifications/elicitation/complete', 'notify', 'server', 'server'],
    ['notifications/tasks', 'notify', 'task', 'server'],
    ['notifications/tasks/status', 'notify', 'task', 'both'],
    ['response', 'answer', 'server', 'both'],
  ]
  for (const [method, methodClass, resourceType, direction] of pins) {
    const info = methodInfo(method)
    assert.equal(
      [info.class, info.resourceType, info.direction],
      [methodClass, resourceType, direction],
      method,
    )
    assert.ok(isKnownMethod(method), method)
  }
})

test('what a list holds is judged as what a client would do with it', () => {
  assert.is(listOf('tools/list'), 'tools')
  assert.is(listOf('prompts/list'), 'prompts')
  assert.is(listOf('resources/list'), 'resources')
  assert.is(listOf('resources/templates/list'), 'resourceTemplates')
  assert.is(listOf('tasks/list'), null)
  const pins: [ListKind, string, string, string][] = [
    ['tools', 'tool', 'tools/call', 'name'],
    ['prompts', 'prompt', 'prompts/get', 'name'],
    ['resources', 'resource', 'resources/read', 'uri'],
    ['resourceTemplates', 'resource_template', 'resources/read', 'uriTemplate'],
  ]
  for (const [kind, type, action, nameMember] of pins) {
    assert.equal(listItems[kind], { type, action, nameMember }, kind)
  }
})

test('the words of the gateway itself are known to be its own', () => {
  assert.equal(Object.values(hostMethods), ['response', 'stream/open', 'session/close'])
  for (const method of Object.values(hostMethods)) assert.ok(isHostMethod(method), method)
})

test('each list has one method that asks for it', () => {
  for (const kind of Object.keys(listItems) as ListKind[])
    assert.is(listOf(listMethods[kind]), kind)
})

test('the notifications that say that lists are others now', () => {
  assert.equal(changedLists('notifications/tools/list_changed'), ['tools'])
  assert.equal(changedLists('notifications/prompts/list_changed'), ['prompts'])
  const resources = changedLists('notifications/resources/list_changed')
  assert.equal(resources, ['resources', 'resourceTemplates'])
  for (const method of ['notifications/roots/list_changed', 'tools/list', 'constructor', '']) {
    assert.equal(changedLists(method), [])
  }
})

test.run()
