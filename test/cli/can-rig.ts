/** A gateway with callers, servers and rules of every kind, and `can` asked about its configuration. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway } from '../support/gateway.js'
import { startOffering } from '../support/offering.js'
import { shippedRules } from '../support/peer-items.js'
import { stdioServer } from '../support/stdio.js'
import { closedPortUrl } from '../support/upstream.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

const everyDay = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const grants = {
  dev: {
    up: {
      tools: {
        open: {},
        bounded: { arguments: { repo: { prefix: 'acme/' }, count: { max: 5, min: 1 } } },
        'delete-all': {},
        wipes: {},
        twice: {},
        timed: {},
      },
      prompts: { ask: {}, told: { arguments: { name: { enum: ['a'] } } } },
      resources: { 'file:///a/': {}, 'note://{id}': {} },
    },
  },
}
const policy = {
  ...shippedRules(),
  [join('grants', 'data.yaml')]: JSON.stringify(grants),
  [join('tenants', 'data.yaml')]: JSON.stringify({ acme: { dev: { up: { tools: { own: {} } } } } }),
  [join('windows', 'data.yaml')]: JSON.stringify({
    day: {
      zone: 'Europe/Zurich',
      open: [{ days: everyDay, from: '08:00', to: '18:00' }],
      for: { tools: { up: ['timed'] } },
    },
  }),
  [join('tiers', 'data.yaml')]: JSON.stringify({
    order: [{ role: 'dev', tier: 'gold' }],
    tiers: { gold: { user: { tokens: 60000, per: '1m', burst: 5000 } } },
  }),
}
export const tools = [
  { name: 'open' },
  { name: 'bounded' },
  { name: 'delete-all' },
  { name: 'wipes', annotations: { destructiveHint: true } },
  { name: 'twice', description: 'one' },
  { name: 'twice', description: 'another' },
  { name: 'timed' },
  { name: 'own' },
  { name: 'other\u001b[2J' },
]
const offer = {
  tools: [tools.slice(0, 3), tools.slice(3)],
  prompts: [[{ name: 'ask' }, { name: 'told' }, { name: 'no' }]],
  resources: [
    [
      { uri: 'file:///a/b', name: 'b' },
      { uri: 'file:///c', name: 'c' },
    ],
  ],
  resourceTemplates: [[{ uriTemplate: 'note://{id}', name: 'note' }]],
}

writeFileSync(
  join(folder, 'who.yaml'),
  'id: zoe\nroles: [dev]\nmethod: oauth\nissuer: https://idp.example\n',
)

export const server = await startOffering()
const nobody = await closedPortUrl()
export const callers = {
  alice: ['dev'],
  root: ['dev'],
  eve: [],
  off: ['dev'],
  old: ['dev'],
  soon: ['dev'],
}
export const gateway = await startGateway({
  upstreams: {
    up: {
      url: server.upstream.url,
      credential: { header: { name: 'x-own', value: 'of-the-gateway-1234' } },
    },
    child: stdioServer(),
    gone: nobody,
  },
  callers,
  entries: {
    root: { scopes: ['mcp:destructive'], tenant: 'acme' },
    off: { disabled: true },
    old: { expires: '2026-01-01T00:00:00Z' },
    soon: { notBefore: '2099-01-01T00:00:00Z' },
  },
  anonymous: true,
  policy,
  policyOptions: { timeZones: ['Europe/Zurich'] },
})
export const config = join(gateway.folder, 'guard.yaml')

export function freshOffer(): void {
  server.clear()
  server.offer = offer
}

export async function closeRig(): Promise<void> {
  await gateway.close()
  await server.upstream.close()
}

export const run = (...words: string[]) => inProcess(['can', ...words])
export const can = (...words: string[]) => run(...words, '-c', config, '--server', 'up')
export const noon = ['--time', '2026-11-23T11:00:00Z']
export const night = ['--time', '2026-11-23T23:00:00Z']
