/**
 * Question → the JSON text that the engine reads, and the key under which its answer is remembered.
 * Only what the policy can read is written. The text about a subject, and about an item with what is
 * known of it, is written once and then goes by a short name; per message remain the context and
 * what the message brings along. The key is exactly the text, with those names in place of theirs:
 * that of the frame, that of the resource, and what is more.
 */
import type { CompiledBundle, ListKind, Question } from '../domain.js'
import { listItems, type NamedItem } from '../mcp/methods.js'
import { createFrameEncoder, type Frame } from './encode-frame.js'
import { createResourceEncoder, type ResourceEncoder } from './encode-resource.js'
import { itemOf, itemSetting, messageSetting } from './facts.js'
import { createIntern, type Interned } from './intern.js'
import { compileProjection, part, reads } from './project.js'
import { createZoneClock } from './zones.js'

export interface Asked {
  readonly frame: Frame
  /** Its key is of the resource alone. */
  readonly resource: Interned
  /** What the message adds to the key; empty: nothing. */
  readonly more: string
}

export interface Encoder {
  readonly readsDefinitions: boolean
  /** The policy reads what no two messages share, so that no decision comes again. */
  readonly readsMoment: boolean
  item(question: Question, item: NamedItem): Asked
  /** `first`: as the first item was asked about. null: the message's arguments are no object. */
  message(question: Question, items: readonly NamedItem[], first?: Asked): Asked | null
  /** Of the item questions that such a list asks; the items' own part is `resource`. */
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
  const frameOf = createFrameEncoder(projection, intern)
  const resources = createResourceEncoder(part(projection, 'resource'), intern)
  const zones = createZoneClock(reads(projection, ['context', 'zones']) ? timeZones : [])

  function itemFrame(question: Question, action: string): Frame {
    return frameOf(question.identity.subject, action, itemSetting(question, zones))
  }

  return {
    readsDefinitions: resources.readsDefinitions,
    readsMoment: moments.some((name) => reads(projection, ['context', name])),
    listFrame: (question, kind) => itemFrame(question, listItems[kind].action),
    resource: resources.about,
    item(question, { type, id, action }) {
      const resource = resources.about(question, type, id)
      return { frame: itemFrame(question, action), resource, more: '' }
    },
    message(question, items, first) {
      const about = resources.ofMessage(question, itemOf(question, items), first?.resource)
      if (about === null) return null
      const setting = messageSetting(question, zones)
      const frame = frameOf(question.identity.subject, question.method, setting)
      return { frame, resource: about.resource, more: about.more }
    },
  }
}
