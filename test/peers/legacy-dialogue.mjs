/**
 * What a session of the older era brings beside answers: requests of the server, progress, logs,
 * change notifications on the standalone stream, and its end by DELETE.
 */
import { capabilities, onRequest } from './survey.mjs'
import { eventually } from './wait.mjs'

export async function legacyDialogue(connect, { wire, ...to }) {
  const heard = { requests: [], logs: [], updated: [], progress: [] }
  const answering = Object.entries(onRequest).map(([method, answer]) => [
    method,
    ({ params }) => {
      heard.requests.push({ method, params })
      return answer()
    },
  ])
  const session = await connect({
    ...to,
    wire,
    capabilities,
    onRequest: Object.fromEntries(answering),
    onNotification: {
      'notifications/message': ({ params }) => heard.logs.push(params.data),
      'notifications/resources/updated': ({ params }) => heard.updated.push(params.uri),
    },
  })
  const { client, transport, call } = session
  await client.setLoggingLevel('debug')
  await client.ping()
  const calls = {
    sampling: await textOf(call({ name: 'trigger-sampling-request', arguments: { prompt: 'hi' } })),
    elicitation: await textOf(call({ name: 'trigger-elicitation-request', arguments: {} })),
    roots: await textOf(call({ name: 'get-roots-list', arguments: {} })),
    progress: await textOf(
      call(
        { name: 'trigger-long-running-operation', arguments: { duration: 0.3, steps: 3 } },
        { onprogress: ({ progress, total }) => heard.progress.push({ progress, total }) },
      ),
    ),
  }
  const uri = 'demo://resource/dynamic/text/1'
  await client.subscribeResource({ uri })
  calls.updates = await textOf(call({ name: 'toggle-subscriber-updates', arguments: {} }))
  await eventually(() => heard.updated.length > 0)
  await eventually(() => heard.logs.length > 0)
  await client.unsubscribeResource({ uri })

  await transport.terminateSession()
  const { status } = wire.exchanges.findLast(({ asked }) => asked === 'DELETE')
  const ended = { status, sessionId: transport.sessionId ?? null }
  await client.close()
  return { heard, calls, ended, wire: wire.exchanges.map(({ asked, status }) => [asked, status]) }
}

async function textOf(calling) {
  const result = await calling.catch((error) => ({ content: [{ text: `threw ${error.message}` }] }))
  return result.content.map(({ text }) => text).join('\n')
}
