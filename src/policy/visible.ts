/**
 * Which items of a list the caller may see: those whose own question is answered by an allow or by
 * a challenge to be shown. What is remembered costs nothing; the rest is asked in chunks, and where
 * a chunk fails, or the bundle cannot answer one, item by item. Others get their turn after each
 * chunk and every few milliseconds, and a list has a budget of its own: what comes after it is spent
 * is not shown.
 */
import type { Decision, DecisionPoint, ListKind, Question, Subject } from '../domain.js'
import { describeThrown } from '../errors.js'
import { listItems } from '../mcp/methods.js'
import { type Asking, chunkBudgets, type Purse } from './ask.js'
import type { Asked, Encoder } from './encode.js'
import type { Fault } from './faults.js'
import { createPace, type Pace } from './pace.js'

export interface VisibleParts {
  readonly encoder: Encoder
  readonly asking: Asking
  /** Units of work for a message question. */
  readonly budget: number
  readonly fault: Fault
}

/** An item whose question is not answered yet, and its place in the list. */
interface Open extends Asked {
  readonly place: number
}

const chunkItems = 200
const fewestChunkItems = 25
/** What a list has for asking item by item beyond its chunks, in budgets of a message question. */
const spareBudgets = 50

export function createVisible(parts: VisibleParts): DecisionPoint['visible'] {
  const { encoder, asking, budget, fault } = parts
  const itemBudget = chunkBudgets * budget
  // As many items as the policy can be expected to answer in one go.
  let chunkLength = chunkItems

  return async function visible(question, kind, ids) {
    const seen = ids.map(() => false)
    const purse = { left: spareBudgets * budget + itemBudget * Math.ceil(ids.length / chunkItems) }
    const pace = createPace()
    const open = await findOpen(question, kind, ids, seen, pace)
    for (let start = 0; start < open.length; ) {
      const chunk = open.slice(start, start + chunkLength)
      await pace.rest()
      const decisions = askTogether(chunk, purse)
      pace.end()
      for (const [index, asked] of chunk.entries()) {
        if (decisions === null) await pace.rest()
        const decision = decisions === null ? asking.item(asked, purse) : decisions[index]
        seen[asked.place] = decision !== undefined && isVisible(decision)
      }
      start += chunk.length
    }
    return seen
  }

  /** Fills in what is remembered; what cannot be written as text stays hidden. */
  async function findOpen(
    question: Question,
    kind: ListKind,
    ids: readonly string[],
    seen: boolean[],
    pace: Pace,
  ): Promise<Open[]> {
    const { subject } = question.identity
    const { type } = listItems[kind]
    const open: Open[] = []
    const frame = written(subject, () => encoder.listFrame(question, kind))
    if (frame === null) return open
    for (const [place, id] of ids.entries()) {
      if (place % chunkItems === 0) await pace.rest()
      const resource = written(subject, () => encoder.resource(question, type, id))
      if (resource === null) continue
      const asked = { frame, resource, more: '', place }
      const known = asking.known(asked)
      if (known === undefined) open.push(asked)
      else seen[place] = isVisible(known)
    }
    return open
  }

  function written<Text>(subject: Subject, write: () => Text): Text | null {
    try {
      return write()
    } catch (thrown) {
      fault(subject, 'policy-fault', describeThrown(thrown))
      return null
    }
  }

  function askTogether(chunk: readonly Open[], purse: Purse): readonly Decision[] | null {
    const before = purse.left
    const decisions = asking.chunk(chunk, purse)
    const spent = before - purse.left
    if (spent >= itemBudget) {
      chunkLength = Math.max(fewestChunkItems, chunkLength / 2)
    } else if (chunk.length === chunkLength && spent < itemBudget / 4) {
      chunkLength = Math.min(chunkItems, chunkLength * 2)
    }
    return decisions
  }
}

function isVisible(decision: Decision): boolean {
  return decision.allow || decision.challenge?.listing === 'show'
}
