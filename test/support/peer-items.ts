/**
 * All that the two real servers offer, with arguments that work, and the shipped rules with grants
 * for two callers. `reader` is granted what is named here; `admin` everything, which still leaves
 * out the tool that its name calls destructive.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PolicyFiles } from './gateway.js'

export type ServerName = 'everything' | 'modern'

/** Kind → what it is tried by: name → the parameters of the client's method of that name. */
export interface Tries {
  readonly callTool: Readonly<Record<string, object>>
  readonly getPrompt: Readonly<Record<string, object>>
  readonly readResource: Readonly<Record<string, object>>
  readonly complete: Readonly<Record<string, object>>
}

const tool = (name: string, given: object = {}) => [name, { name, arguments: given }] as const
const prompt = (name: string, given?: object) =>
  [name, given === undefined ? { name } : { name, arguments: given }] as const
const resource = (uri: string) => [uri, { uri }] as const
const ofPrompt = (name: string, argument: string) => {
  return [name, { ref: { type: 'ref/prompt', name }, argument: { name: argument, value: 'r' } }]
}
const ofTemplate = (uri: string, argument: string) => {
  return [uri, { ref: { type: 'ref/resource', uri }, argument: { name: argument, value: '1' } }]
}

const documents = ['architecture', 'extension', 'features', 'how-it-works', 'instructions']
  .concat('startup', 'structure')
  .map((name) => `demo://resource/static/document/${name}.md`)
const openDocument = 'demo://resource/static/document/features.md'

export const tries: Readonly<Record<ServerName, Tries>> = {
  everything: {
    callTool: Object.fromEntries([
      tool('echo', { message: 'hällo' }),
      tool('get-annotated-message', { messageType: 'success' }),
      tool('get-env'),
      tool('get-resource-links', { count: 2 }),
      tool('get-resource-reference', { resourceType: 'Text', resourceId: 1 }),
      tool('get-structured-content', { location: 'New York' }),
      tool('get-sum', { a: 1, b: 2 }),
      tool('get-tiny-image'),
      tool('gzip-file-as-resource', { name: 'a.gz', data: 'data:text/plain,hi' }),
      tool('toggle-simulated-logging'),
      tool('toggle-subscriber-updates'),
      tool('trigger-long-running-operation', { duration: 0.1, steps: 1 }),
      tool('get-roots-list'),
      tool('trigger-elicitation-request'),
      tool('trigger-sampling-request', { prompt: 'hi' }),
      tool('simulate-research-query', { topic: 'gateways' }),
    ]),
    getPrompt: Object.fromEntries([
      prompt('simple-prompt'),
      prompt('args-prompt', { city: 'Bern' }),
      prompt('completable-prompt', { department: 'Sales', name: 'Eve' }),
      prompt('resource-prompt', { resourceType: 'Text', resourceId: '1' }),
    ]),
    readResource: Object.fromEntries([
      ...documents.map(resource),
      resource('demo://resource/dynamic/text/1'),
      resource('demo://resource/dynamic/blob/1'),
    ]),
    complete: Object.fromEntries([
      ofPrompt('completable-prompt', 'department'),
      ofTemplate('demo://resource/dynamic/text/{resourceId}', 'resourceId'),
      ofTemplate('demo://resource/dynamic/blob/{resourceId}', 'resourceId'),
    ]),
  },
  modern: {
    callTool: Object.fromEntries([
      tool('echo', { message: 'hällo' }),
      tool('add', { a: 0.1, b: 2 }),
      tool('count', { to: 2 }),
      tool('greet'),
      tool('locate', { region: 'Zürich ' }),
      tool('announce'),
      tool('fail'),
      tool('delete_notes'),
    ]),
    getPrompt: Object.fromEntries([
      prompt('plain'),
      prompt('review', { language: 'rego' }),
      prompt('secret', { language: 'rego' }),
    ]),
    readResource: Object.fromEntries([
      resource('notes://open/1'),
      resource('notes://open/2'),
      resource('notes://secret/1'),
      resource('notes://draft/10'),
      resource('notes://sealed/10'),
    ]),
    complete: Object.fromEntries([
      ofPrompt('review', 'language'),
      ofPrompt('secret', 'language'),
      ofTemplate('notes://draft/{id}', 'id'),
      ofTemplate('notes://sealed/{id}', 'id'),
    ]),
  },
}

/** What reading a template comes down to: one resource of it. */
export const ofTemplates: Readonly<Record<ServerName, Readonly<Record<string, string>>>> = {
  everything: {
    'demo://resource/dynamic/text/{resourceId}': 'demo://resource/dynamic/text/1',
    'demo://resource/dynamic/blob/{resourceId}': 'demo://resource/dynamic/blob/1',
  },
  modern: {
    'notes://draft/{id}': 'notes://draft/10',
    'notes://sealed/{id}': 'notes://sealed/10',
  },
}

const grants = {
  admin: {
    '*': {
      tools: { '*': {} },
      prompts: { '*': {} },
      resources: { '*': {} },
      methods: { '*': {} },
    },
  },
  reader: {
    everything: {
      tools: {
        echo: { arguments: { message: { maxLength: 100 } } },
        'get-s*': {},
        'get-roots-list': {},
        'trigger-*': {},
        'toggle-subscriber-updates': {},
      },
      prompts: { 'simple-prompt': {}, 'completable-prompt': {} },
      resources: { [openDocument]: {}, 'demo://resource/dynamic/text/': {} },
    },
    modern: {
      tools: {
        echo: {},
        add: {},
        count: {},
        greet: {},
        locate: {},
        announce: {},
        delete_notes: {},
      },
      prompts: { plain: {}, review: {} },
      resources: { 'notes://open/': {}, 'notes://draft/': {} },
    },
  },
}
const tiers = {
  order: [{ role: '*', tier: 'plenty' }],
  tiers: { plenty: { user: { tokens: 6000, per: '1m', burst: 5000 } } },
}

/** What `grants` leaves for the reader to be refused, by server and kind. */
export const refusedToReader: Readonly<Record<ServerName, Readonly<Record<string, string[]>>>> = {
  everything: {
    tools: [
      'get-annotated-message',
      'get-env',
      'get-resource-links',
      'get-resource-reference',
      'get-tiny-image',
      'gzip-file-as-resource',
      'simulate-research-query',
      'toggle-simulated-logging',
    ],
    prompts: ['args-prompt', 'resource-prompt'],
    resources: documents.filter((uri) => uri !== openDocument),
    resourceTemplates: ['demo://resource/dynamic/blob/{resourceId}'],
  },
  modern: {
    tools: ['delete_notes', 'fail'],
    prompts: ['secret'],
    resources: ['notes://secret/1'],
    resourceTemplates: ['notes://sealed/{id}'],
  },
}

/** The repository's policy folder with the grants and tiers above in place of its own. */
export function shippedRules(): PolicyFiles {
  const folder = fileURLToPath(new URL('../../../policies', import.meta.url))
  const files: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files[relative(folder, path)] = readFileSync(path, 'utf8')
  }
  files[join('grants', 'data.yaml')] = JSON.stringify(grants)
  files[join('tiers', 'data.yaml')] = JSON.stringify(tiers)
  return files
}

/** A policy of one line that allows everything. */
export const allowAll: PolicyFiles = {
  'main.rego': 'package mcpguard.main\n\ndecision := {"allow": true}\n',
}
