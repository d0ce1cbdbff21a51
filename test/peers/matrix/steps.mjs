/**
 * The steps that every client takes with every server. A step that went as it should is {done: what
 * was seen}, any other {why: the words of whoever would not}. Where there is no connection, there is
 * only that one reason.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** What a user fills in: each server has a form of its own. */
export function fillIn({ requestedSchema }) {
  const content =
    requestedSchema.properties.username === undefined
      ? { name: 'Ada' }
      : { username: 'ada', email: 'ada@example.com' }
  return { action: 'accept', content }
}

export async function takeSteps(connect, { to, plan }) {
  const session = await within(20_000, () => connect(to)).catch(because)
  if (session.why !== undefined) return { connect: session }
  const step = (take) => within(20_000, take).catch(because)
  const { items } = plan
  const seen = {
    list: await step(async () => ({ done: await session.list() })),
    call: await step(() => answerOf(session, items.call)),
  }
  if (plan.denies) {
    seen.denied = await step(() => answerOf(session, items.denied))
    if (!session.looksUp) seen.hidden = await step(() => answerOf(session, items.hidden))
  }
  seen.progress = await step(() => progressOf(session, items.progress))
  seen.cancel = await step(() => session.cancel?.() ?? cancellationOf(session, items.slow))
  seen.elicitation = await step(() => answerOf(session, items.elicitation))
  await within(5000, () => session.close()).catch(() => undefined)
  return seen
}

async function answerOf(session, { name, given }) {
  const result = await session.call(name, given)
  const said = textOf(result)
  return result.isError ? { why: said } : { done: said }
}

async function progressOf(session, { name, given }) {
  // Only so that the client asks for it: what it hands on depends on how the bytes came in pieces.
  const onprogress = () => undefined
  const result = await session.call(name, given, { onprogress })
  if (result.isError) return { why: textOf(result) }
  const heard = session.progress?.() ?? []
  return heard.length === 0 ? { why: `no progress before: ${textOf(result)}` } : { done: heard }
}

/** Cancels while the server is at it, then waits as long as the server would have taken. */
async function cancellationOf(session, { name, given, ms }) {
  const stop = new AbortController()
  const begun = performance.now()
  const calling = session.call(name, given, { signal: stop.signal }).then(
    (result) => ({ answered: textOf(result) }),
    (error) => ({ failed: reasonOf(error) }),
  )
  await Promise.race([calling, sleep(ms / 5)])
  stop.abort('not wanted any more')
  const { answered, failed } = await calling
  if (answered !== undefined) return { why: answered }
  await sleep(Math.max(0, begun + ms + 200 - performance.now()))
  const { told, late } = session.afterwards(name)
  return { done: { failed, told, late } }
}

function textOf({ content = [] }) {
  return content.map(({ text }) => text).join('\n')
}

function because(error) {
  return { why: reasonOf(error) }
}

export function reasonOf(error) {
  const cause = error?.cause?.message
  const message = String(error?.message ?? error)
  return cause === undefined || message.includes(cause) ? message : `${message}: ${cause}`
}

async function within(ms, work) {
  const late = new AbortController()
  const overtime = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`nothing within ${ms} ms`)
  })
  overtime.catch(() => undefined)
  try {
    return await Promise.race([Promise.resolve().then(work), overtime])
  } finally {
    late.abort()
  }
}
