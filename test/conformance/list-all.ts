/** What a server of 2026-07-28 lists, by name. */
const version = '2026-07-28'
const lists = {
  tools: ['tools/list', 'name'],
  prompts: ['prompts/list', 'name'],
  resources: ['resources/list', 'uri'],
  resourceTemplates: ['resources/templates/list', 'uriTemplate'],
} as const

export async function listAll(url: string): Promise<Record<string, string[]>> {
  const listed = Object.entries(lists).map(async ([member, [method, name]]) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': version,
        'mcp-method': method,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: method, method, params: { _meta: meta } }),
    })
    const { result } = (await response.json()) as { result: Record<string, unknown> }
    const items = result[member] as Record<string, string>[]
    return [member, items.map((item) => String(item[name])).sort()] as const
  })
  return Object.fromEntries(await Promise.all(listed))
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
}
