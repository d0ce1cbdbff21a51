/** Connects a client of the v1 SDK: the older eras only. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import * as types from '@modelcontextprotocol/sdk/types.js'

const requestSchemas = {
  'sampling/createMessage': types.CreateMessageRequestSchema,
  'elicitation/create': types.ElicitRequestSchema,
  'roots/list': types.ListRootsRequestSchema,
}
const notificationSchemas = {
  'notifications/message': types.LoggingMessageNotificationSchema,
  'notifications/resources/updated': types.ResourceUpdatedNotificationSchema,
}

export async function connect({
  url,
  key,
  capabilities,
  options,
  onRequest,
  onNotification,
  wire,
  authProvider,
  made,
}) {
  const headers = key === null ? {} : { authorization: `Bearer ${key}` }
  const client = new Client({ name: 'v1-client', version: '1.0.0' }, { capabilities, ...options })
  for (const [method, answer] of Object.entries(onRequest)) {
    client.setRequestHandler(requestSchemas[method], answer)
  }
  for (const [method, hear] of Object.entries(onNotification)) {
    const schema = notificationSchemas[method]
    if (schema !== undefined) client.setNotificationHandler(schema, hear)
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers },
    fetch: wire.fetch,
    authProvider,
  })
  made?.(transport)
  await client.connect(transport)
  const call = (params, options) => client.callTool(params, undefined, options)
  return { client, transport, call, era: 'legacy' }
}
