/**
 * What is the same for every resource that one question is asked about: subject, action and context,
 * as the text that the engine reads and as the key it goes by. Only what the policy can read is
 * written. Subjects are frozen where they are made, so the object stands for its text. Where the
 * policy reads nothing of the circumstances but date and hour, a subject's frames are written once
 * each, or once a minute.
 */
import type { Subject } from '../domain.js'
import { isKnownMethod, methodInfo } from '../mcp/methods.js'
import { contextFields, type Setting } from './facts.js'
import { flat, type Intern, type Interned } from './intern.js'
import { type Projection, part, projectedText } from './project.js'

export interface Frame {
  readonly subject: Subject
  readonly key: string
  /** Members of the input's object. */
  readonly text: string
}

export type FrameOf = (subject: Subject, method: string, setting: Setting) => Frame

/** A subject's text, and the minute's frames by method and by the setting's number. */
interface Known {
  readonly subject: Interned
  minute: number
  readonly frames: Map<string, Map<number, Frame>>
}

/** The context members that are the same for all messages of a method, direction and kind. */
const settled: ReadonlySet<string> = new Set(['question', 'direction', 'kind'])
/** Those that are the same within a minute, whatever the time zone. */
const timely: ReadonlySet<string> = new Set(['date', 'hour', 'weekday', 'zones'])
const minuteMs = 60_000
const kindNumbers = { request: 0, notification: 1, response: 2 } as const

export function createFrameEncoder(projection: Projection, intern: Intern): FrameOf {
  const subjectPart = part(projection, 'subject')
  const actionPart = part(projection, 'action')
  const fields = contextFieldsRead(part(projection, 'context'))
  const isTimely = fields.some(({ name }) => timely.has(name))
  const isKept = fields.every(({ name }) => settled.has(name) || timely.has(name))
  const subjects = new WeakMap<Subject, Known>()

  function knownOf(subject: Subject): Known {
    const found = subjects.get(subject)
    if (found !== undefined) return found
    const text = intern.shared(textOf(subjectPart, subject))
    const known = { subject: text, minute: Number.NaN, frames: new Map() }
    subjects.set(subject, known)
    return known
  }

  function contextText(setting: Setting): string {
    let text = ''
    for (const { name, below, read } of fields) {
      const member = projectedText(below, read(setting))
      if (member !== null) text += `${text === '' ? '' : ','}"${name}":${member}`
    }
    return `{${text}}`
  }

  function write(subject: Subject, { key, text }: Interned, method: string, setting: Setting) {
    const action = textOf(actionPart, { name: method, class: methodInfo(method).class })
    const rest = `"action":${action},"context":${contextText(setting)}`
    return { subject, key: `${key} ${rest}`, text: `${rest},"subject":${text}` }
  }

  return function frameOf(subject, method, setting) {
    const known = knownOf(subject)
    const number = numberOf(setting)
    const minute = isTimely ? Math.floor(setting.circumstances.nowMs / minuteMs) : 0
    if (minute !== known.minute) {
      known.frames.clear()
      known.minute = minute
    }
    const found = known.frames.get(method)?.get(number)
    if (found !== undefined) return found
    const frame = write(subject, known.subject, method, setting)
    // Whatever else a client calls a method is not kept.
    if (!isKept || !isKnownMethod(method)) return frame
    flat(frame.key)
    flat(frame.text)
    const ofMethod = known.frames.get(method)
    if (ofMethod === undefined) known.frames.set(method, new Map([[number, frame]]))
    else ofMethod.set(number, frame)
    return frame
  }
}

function contextFieldsRead(projection: Projection | undefined) {
  if (projection === undefined) return []
  return Object.entries(contextFields).flatMap(([name, read]) => {
    const below = part(projection, name)
    return below === undefined ? [] : [{ name, below, read }]
  })
}

/** Different for different questions, directions and kinds. */
function numberOf({ question, direction, kind }: Setting): number {
  return kindNumbers[kind] + (direction === 'client' ? 0 : 3) + (question === 'item' ? 0 : 6)
}

/** The list question needs every part to be there, and so each is, though nothing of it be read. */
function textOf(projection: Projection | undefined, facts: object): string {
  return (projection === undefined ? null : projectedText(projection, facts)) ?? '{}'
}
