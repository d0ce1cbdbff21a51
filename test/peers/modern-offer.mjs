/** What the modern server offers. A new instance serves each request, so nothing here has a state. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  acceptedContent,
  completable,
  inputRequired,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server'
import { z } from 'zod'

const shared = { ttlMs: 60_000, cacheScope: 'public' }

export function createOffer({ requestInfo }, notify) {
  const server = new McpServer(
    { name: 'modern-fixture', title: 'Modern fixture', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        logging: {},
        completions: {},
      },
      instructions: 'A server for tests.',
      cacheHints: {
        'server/discover': shared,
        'tools/list': shared,
        'prompts/list': shared,
        'resources/list': shared,
        'resources/templates/list': shared,
      },
    },
  )
  registerTools(server, requestInfo, notify)
  registerPrompts(server)
  registerResources(server)
  for (const [method, member] of pagedLists) page(server, method, member)
  return server
}

const text = (value) => ({ content: [{ type: 'text', text: value }] })

function registerTools(server, request, notify) {
  server.registerTool(
    'echo',
    { description: 'Says it again', inputSchema: z.object({ message: z.string() }) },
    ({ message }) => text(message),
  )
  server.registerTool(
    'add',
    {
      title: 'Add',
      description: 'Adds two numbers',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true, openWorldHint: false },
      _meta: { 'example.test/unit': { digits: 2, exact: 0.1 } },
    },
    ({ a, b }) => ({
      ...text(String(a + b)),
      structuredContent: { sum: a + b },
      _meta: { 'example.test/took': 1 },
    }),
  )
  server.registerTool(
    'count',
    { description: 'Counts, with progress', inputSchema: z.object({ to: z.number() }) },
    async ({ to }, context) => {
      const progressToken = context.mcpReq._meta?.progressToken
      for (let progress = 1; progress <= to; progress += 1) {
        await sleep(20)
        const params = { progressToken, progress, total: to, message: `step ${progress}` }
        if (progressToken === undefined) continue
        await context.mcpReq.notify({ method: 'notifications/progress', params })
      }
      return text(`counted to ${to}`)
    },
  )
  server.registerTool(
    'greet',
    { description: 'Asks for a name first', inputSchema: z.object({}) },
    (_arguments, context) => {
      const given = acceptedContent(context.mcpReq.inputResponses, 'who')
      if (given !== undefined) return text(`Hello, ${given.name}! ${context.mcpReq.requestState()}`)
      return inputRequired({
        inputRequests: {
          who: inputRequired.elicit({
            message: 'Who are you?',
            requestedSchema: {
              type: 'object',
              properties: { name: { type: 'string' } },
              required: ['name'],
            },
          }),
        },
        requestState: 'état="1"',
      })
    },
  )
  server.registerTool(
    'locate',
    {
      description: 'Has an argument that a header mirrors',
      inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
    },
    ({ region }) => text(`${region} ${request?.headers.get('mcp-param-region') ?? 'unmirrored'}`),
  )
  server.registerTool(
    'announce',
    { description: 'Fires every change event', inputSchema: z.object({}) },
    () => {
      notify().toolsChanged()
      notify().promptsChanged()
      notify().resourceUpdated('notes://open/1')
      notify().resourceUpdated('notes://secret/1')
      return text('announced')
    },
  )
  server.registerTool('fail', { description: 'Fails', inputSchema: z.object({}) }, () => ({
    ...text('failed on purpose'),
    isError: true,
  }))
  server.registerTool(
    'delete_notes',
    { description: 'Deletes', inputSchema: z.object({}), annotations: { destructiveHint: true } },
    () => text('deleted'),
  )
}

function registerPrompts(server) {
  const message = (value) => ({
    messages: [{ role: 'user', content: { type: 'text', text: value } }],
  })
  server.registerPrompt('plain', { description: 'No arguments' }, () => message('plain'))
  for (const name of ['review', 'secret']) {
    const language = completable(z.string(), (value) =>
      ['go', 'rego', 'rust'].filter((one) => one.startsWith(value)),
    )
    server.registerPrompt(
      name,
      { title: name, description: 'One argument', argsSchema: z.object({ language }) },
      (given) => message(`${name} ${given.language}`),
    )
  }
}

function registerResources(server) {
  for (const path of ['open/1', 'open/2', 'secret/1']) {
    const about = { title: path, description: 'A note', mimeType: 'text/plain', cacheHint: shared }
    server.registerResource(path.replace('/', '-'), `notes://${path}`, about, (uri) => ({
      contents: [{ uri: uri.href, mimeType: 'text/plain', text: `the note ${path}` }],
    }))
  }
  for (const folder of ['draft', 'sealed']) {
    const template = new ResourceTemplate(`notes://${folder}/{id}`, {
      list: undefined,
      complete: { id: (value) => ['10', '11', '20'].filter((id) => id.startsWith(value)) },
    })
    server.registerResource(folder, template, { mimeType: 'text/plain' }, (uri, { id }) => ({
      contents: [{ uri: uri.href, text: `${folder} ${id}` }],
    }))
  }
}

const pagedLists = [
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
]
const pageSize = 3

/** Cuts a list into pages and adds what no client knows, on the page and on its items. */
function page(server, method, member) {
  const { server: low } = server
  const whole = low._requestHandlers.get(method)
  low.setRequestHandler(method, async (request, context) => {
    const { [member]: items, ...rest } = await whole(request, context)
    const from = Number(request.params?.cursor ?? 0)
    const next = from + pageSize
    return {
      ...rest,
      ...(next < items.length ? { nextCursor: String(next) } : {}),
      [member]: items
        .slice(from, next)
        .map((item) => ({ ...item, 'example.test/extra': { n: [1, 'ä', null] } })),
      'example.test/page': from,
    }
  })
}
