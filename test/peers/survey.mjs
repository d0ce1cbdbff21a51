/**
 * Lists everything, then tries everything that the job names, allowed or not, and says for each
 * how it went: `done`, `denied` (in words of the gateway) or the error. The wire is kept beside it.
 */

/** What a person and a model would answer. */
export const onRequest = {
  'sampling/createMessage': () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'sampled' },
  }),
  'elicitation/create': () => ({ action: 'accept', content: { name: 'Ada' } }),
  'roots/list': () => ({ roots: [{ uri: 'file:///workspace', name: 'workspace' }] }),
}
export const capabilities = { sampling: {}, elicitation: { form: {} }, roots: {} }

export async function survey(connect, { tries, wire, ...to }) {
  const session = await connect({ ...to, wire, capabilities, onRequest, onNotification: {} })
  const { client, transport, era } = session
  const listed = {
    tools: await all('tools', (params) => client.listTools(params)),
    prompts: await all('prompts', (params) => client.listPrompts(params)),
    resources: await all('resources', (params) => client.listResources(params)),
    resourceTemplates: await all('resourceTemplates', (params) =>
      client.listResourceTemplates(params),
    ),
  }
  const tried = {}
  for (const [verb, items] of Object.entries(tries)) {
    tried[verb] = {}
    for (const [name, params] of Object.entries(items)) {
      tried[verb][name] = await outcomeOf(() => client[verb](params))
    }
  }
  if (era === 'legacy') await transport.terminateSession()
  // Closing aborts what is still being read, though its message has long been delivered.
  await wire.settled()
  await client.close()
  const about = {
    era,
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    instructions: client.getInstructions(),
  }
  return { about, listed, tried, wire: wire.exchanges }
}

/** All pages. A client that walks them by itself leaves no cursor behind. */
async function all(member, list) {
  const items = []
  let cursor
  do {
    const page = await list(cursor === undefined ? undefined : { cursor })
    items.push(...page[member])
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return items
}

async function outcomeOf(work) {
  try {
    const result = await work()
    const text = result.content?.[0]?.text ?? ''
    return result.isError && isDenial(text) ? { denied: text } : { done: result }
  } catch (error) {
    const { code = null, message } = error
    return isDenial(message) ? { denied: message, code } : { error: message, code }
  }
}

function isDenial(text) {
  return text.includes('Denied by policy (decision ')
}
