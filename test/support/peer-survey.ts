/** What a client of `test/peers/survey.mjs` reports, and how two of its reports are compared. */
import type { Json, JsonObject } from '../../src/domain.js'

export interface Survey {
  readonly about: JsonObject
  readonly listed: Readonly<Record<ListedKind, readonly JsonObject[]>>
  readonly tried: Readonly<Record<Verb, Readonly<Record<string, Tried>>>>
  readonly wire: readonly Exchange[]
}

export type ListedKind = 'tools' | 'prompts' | 'resources' | 'resourceTemplates'
export type Verb = 'callTool' | 'getPrompt' | 'readResource' | 'complete'

export interface Tried {
  readonly done?: Json
  readonly denied?: string
  readonly error?: string
  readonly code?: number | string | null
}

/** One request over HTTP: the method of its message, or its own, and each message of the answer. */
export interface Exchange {
  readonly asked: string
  readonly status: number
  readonly type: string | null
  readonly messages: readonly string[]
}

const nameMembers = {
  tools: 'name',
  prompts: 'name',
  resources: 'uri',
  resourceTemplates: 'uriTemplate',
} as const

export function namesOf(survey: Survey, kind: ListedKind): string[] {
  return survey.listed[kind].map((item) => String(item[nameMembers[kind]])).sort()
}

export function deniedOf(survey: Survey, verb: Verb): string[] {
  const entries = Object.entries(survey.tried[verb])
  return entries.flatMap(([name, { denied }]) => (denied === undefined ? [] : [name])).sort()
}

/**
 * The answers to a client's own requests in the order it made them, without what differs from
 * session to session: session ids, the time of day (also inside a blob), ids of the server's own requests. The
 * standalone stream and the client's answers come at times of their own.
 */
export function transcript(survey: Survey): object[] {
  return survey.wire
    .filter(({ asked }) => asked !== 'GET' && asked !== 'response')
    .map(({ messages, ...rest }) => ({ ...rest, messages: messages.map(withoutVarying) }))
}

/** Counted by the server, or sealed by the gateway. */
const serverRequest = /"id":(?:\d+|"[\w-]{100,}")\}$/

export function withoutVarying(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/UmVzb3VyY2Ug[\w+/]*=*/g, (blob) => Buffer.from(blob, 'base64').toString())
    .replace(/\d{1,2}:\d\d:\d\d [AP]M/g, '<time>')
    .replace(/^\{"method":"[^"]*","params":.*$/s, (message) =>
      message.replace(serverRequest, '"id":"<id>"}'),
    )
}
