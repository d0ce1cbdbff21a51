/**
 * Tasks of 2025-11-25 in both directions: a call that becomes a task of the server, which asks its
 * client for something meanwhile, and a server's request that becomes a task of the client.
 */
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks'
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { capabilities, onRequest } from './survey.mjs'

const tasks = {
  list: {},
  cancel: {},
  requests: { sampling: { createMessage: {} }, elicitation: { create: {} } },
}

export async function legacyTasks(connect, { wire, ...to }) {
  const asked = []
  const own = []
  const session = await connect({
    ...to,
    wire,
    capabilities: { ...capabilities, tasks },
    options: { taskStore: new InMemoryTaskStore() },
    onNotification: {},
    onRequest: {
      ...onRequest,
      'elicitation/create': ({ params }) => {
        asked.push(params._meta)
        return { action: 'accept', content: { interpretation: 'first' } }
      },
      'sampling/createMessage': async ({ params }, { taskStore }) => {
        const task = await taskStore.createTask({ ttl: params.task.ttl })
        own.push(task.taskId)
        const result = onRequest['sampling/createMessage']()
        setTimeout(() => taskStore.storeTaskResult(task.taskId, 'completed', result), 50)
        return { task }
      },
    },
  })
  const { client, call } = session
  await client.listTools()
  const calling = client.experimental.tasks.callToolStream(
    { name: 'simulate-research-query', arguments: { topic: 'python', ambiguous: true } },
    CallToolResultSchema,
    { task: { ttl: 60_000 } },
  )
  const heard = []
  let task = null
  for await (const message of calling) {
    heard.push(message.type === 'taskStatus' ? message.task.status : message.type)
    if (message.type === 'taskCreated') task = message.task
    if (message.type === 'error') heard.push(message.error.message)
    if (message.type === 'result') heard.push(message.result.content[0].text)
  }
  const known = await client.experimental.tasks.getTask(task.taskId)
  const { tasks: listed } = await client.experimental.tasks.listTasks()
  const sampled = await call({
    name: 'trigger-sampling-request-async',
    arguments: { prompt: 'hi' },
  })
  await session.transport.terminateSession()
  await client.close()
  return {
    task: task.taskId,
    known: known.taskId,
    listed: listed.map(({ taskId }) => taskId),
    related: asked.map((meta) => meta['io.modelcontextprotocol/related-task'].taskId),
    heard: heard.filter((one, index) => one !== heard[index - 1]),
    own,
    sampled: sampled.content[0].text,
  }
}
