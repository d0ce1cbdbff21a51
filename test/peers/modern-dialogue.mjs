/**
 * What 2026-07-28 brings beside answers: progress on a call's own stream, a request for input and
 * its second round, a mirrored argument, and change events on a listen stream.
 */
import { capabilities, onRequest } from './survey.mjs'
import { eventually } from './wait.mjs'

export async function modernDialogue(connect, { listen, refused, wire, ...to }) {
  const changed = []
  const progress = []
  const asked = []
  const hear = (method) => [method, ({ params }) => changed.push([method, params?.uri ?? null])]
  const { client, call } = await connect({
    ...to,
    wire,
    capabilities,
    onRequest: {
      ...onRequest,
      'elicitation/create': ({ params }) => {
        asked.push(params.message)
        return onRequest['elicitation/create']()
      },
    },
    onNotification: Object.fromEntries([
      hear('notifications/tools/list_changed'),
      hear('notifications/prompts/list_changed'),
      hear('notifications/resources/list_changed'),
      hear('notifications/resources/updated'),
    ]),
  })
  await client.listTools()
  const calls = {
    greet: await call({ name: 'greet', arguments: {} }).catch(({ message }) => ({ message })),
    locate: await call({ name: 'locate', arguments: { region: 'Zürich ' } }),
    count: await call(
      { name: 'count', arguments: { to: 3 } },
      { onprogress: (step) => progress.push(step) },
    ),
  }
  const subscription = await client.listen(listen)
  await call({ name: 'announce', arguments: {} })
  await eventually(() => changed.length >= 3)
  await subscription.close()
  const ended = await subscription.closed
  const denied = await client.listen(refused).then(
    () => 'listens',
    (error) => error.message,
  )
  await client.close()
  const messages = wire.exchanges.map((one) => [one.asked, one.status, one.messages])
  return {
    asked,
    calls,
    progress,
    changed: changed.toSorted(),
    honoured: subscription.honoredFilter,
    ended,
    denied,
    wire: messages,
  }
}
