/**
 * Question → the JSON text that the engine reads, and the key under which its answer is remembered.
 * Only what the policy can read is written. The text about a subject, and about an item with what is
 * known of it, is written once and then goes by a short name; per message remain the context and
 * what the message brings along. The key is exactly the text, with those names in place of theirs.
 */
import type { CompiledBundle, ListKind, Question, Subject } from '../domain.js'
import { isKnownMethod, listItems, methodInfo, type NamedItem } from '../mcp/methods.js'
import { createResourceEncoder, type ResourceEncoder } from './encode-resource.js'
import { contextFields, itemOf, itemSetting, messageSetting, type Setting } from './facts.js'
import { createIntern, type Intern, type Interned } from './intern.js'
import { compileProjection, type Projection, part, projectedText, reads } from './project.js'
import { createZoneClock } from './zones.js'

/** Everything about a question but its resource: the same for all items of a list. */
export interface Frame {
  readonly subject: Subject
  readonly key: string
  /** Members of the input's object. */
  readonly text: string
}

export interface Asked {
  readonly frame: Frame
  readonly resource: Interned
}

export interface Encoder {
  readonly readsDefinitions: boolean
  /** The policy reads what no two messages share, so that no decision comes again. */
  readonly readsMoment: boolean
  item(question: Question, item: NamedItem): Asked
  /** null: the message's arguments are no object. */
  message(question: Question, items: readonly NamedItem[]): Asked | null
  /** Of every item question about such a list; the items' own part is `resource`. */
  listFrame(question: Question, kind: ListKind): Frame
  readonly resource: ResourceEncoder['about']
}

const maxTextBytes = 8 * 1024 * 1024
const moments = ['time', 'time_ns', 'request_id'] as const

export function createEncoder(
  paths: CompiledBundle['paths'],
  timeZones: readonly string[],
): Encoder {
  const projection = compileProjection(paths)
  const intern = createIntern(maxTextBytes)
  const subjectOf = createSubjectEncoder(part(projection, 'subject'), intern)
  const actionText = createActionEncoder(part(projection, 'action'))
  const contextText = createContextEncoder(part(projection, 'context'))
  const resources = createResourceEncoder(part(projection, 'resource'), intern)
  const zones = createZoneClock(reads(projection, ['context', 'zones']) ? timeZones : [])

  function frameOf({ identity }: Question, action: string, setting: Setting): Frame {
    const subject = subjectOf(identity.subject)
    const rest = `"action":${action},"context":${contextText(setting)}`
    return {
      subject: identity.subject,
      key: `${subject.key} ${rest}`,
      text: `${rest},"subject":${subject.text}`,
    }
  }

  function itemFrame(question: Question, action: string): Frame {
    return frameOf(question, actionText(action), itemSetting(question, zones))
  }

  return {
    readsDefinitions: resources.readsDefinitions,
    readsMoment: moments.some((name) => reads(projection, ['context', name])),
    listFrame: (question, kind) => itemFrame(question, listItems[kind].action),
    resource: resources.about,
    item(question, { type, id, action }) {
      return { frame: itemFrame(question, action), resource: resources.about(question, type, id) }
    },
    message(question, items) {
      const resource = resources.ofMessage(question, itemOf(question, items))
      if (resource === null) return null
      const action = actionText(question.method)
      return { frame: frameOf(question, action, messageSetting(question, zones)), resource }
    },
  }
}

/** Subjects are frozen where they are made, so the object stands for its text. */
function createSubjectEncoder(projection: Projection | undefined, intern: Intern) {
  const known = new WeakMap<Subject, Interned>()
  return function subjectOf(subject: Subject): Interned {
    const found = known.get(subject)
    if (found !== undefined) return found
    const interned = intern(textOf(projection, subject))
    known.set(subject, interned)
    return interned
  }
}

/** Texts are kept for the methods of MCP only; whatever else a client calls a method is not. */
function createActionEncoder(projection: Projection | undefined) {
  const known = new Map<string, string>()
  return function actionText(name: string): string {
    const found = known.get(name)
    if (found !== undefined) return found
    const text = textOf(projection, { name, class: methodInfo(name).class })
    if (isKnownMethod(name)) known.set(name, text)
    return text
  }
}

function createContextEncoder(projection: Projection | undefined) {
  const fields = Object.entries(contextFields).flatMap(([name, read]) => {
    const below = projection === undefined ? undefined : part(projection, name)
    return below === undefined ? [] : [{ start: `"${name}":`, below, read }]
  })
  return function contextText(setting: Setting): string {
    let text = ''
    for (const { start, below, read } of fields) {
      const member = projectedText(below, read(setting))
      if (member !== null) text += `${text === '' ? '' : ','}${start}${member}`
    }
    return `{${text}}`
  }
}

/** The list question needs every part to be there, and so each is, though nothing of it be read. */
function textOf(projection: Projection | undefined, facts: object): string {
  return (projection === undefined ? null : projectedText(projection, facts)) ?? '{}'
}
