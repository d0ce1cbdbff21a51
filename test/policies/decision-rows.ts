/** The table of decisions as facts: each row changes the usual call, or a read of a URI. */
import type { Facts } from '../../src/contracts.js'
import type { Definitions, JsonObject } from '../../src/domain.js'
import { itemFacts, messageFacts } from '../../src/policy/facts.js'
import { identityOf, questionOf } from '../policy/questions.js'
import { readVectors } from '../support/vectors.js'

export interface DecisionRow {
  readonly description: string
  /** The whole input; absent = the usual call of a known tool with `change` merged in, or a read of `uri`. */
  readonly facts?: unknown
  readonly change?: { readonly [member in keyof Facts]?: JsonObject }
  readonly uri?: string
  readonly template?: string
  readonly question?: 'item'
  /** In place of the shipped data of that name. */
  readonly data?: JsonObject
  readonly expected: {
    readonly allow: boolean
    readonly reasons: string[]
    readonly challenge?: unknown
  }
}

export const demo = { name: 'everything', labels: {} }
/** Every item is known, and its server says nothing of it. */
export const definitions: Definitions = {
  of: () => ({ digest: `sha256:${'0'.repeat(64)}`, annotations: {} }),
}
export const reader = { identity: identityOf({ roles: ['reader'] }), server: demo, definitions }
const echo = { type: 'tool', id: 'echo', action: 'tools/call' } as const

export function factsOf(row: DecisionRow): unknown {
  if ('facts' in row) return row.facts
  if (row.template !== undefined) {
    const template = {
      type: 'resource_template',
      id: row.template,
      action: 'resources/read',
    } as const
    return itemFacts(questionOf('resources/templates/list', {}, reader), template)
  }
  const item =
    row.uri === undefined
      ? echo
      : ({ type: 'resource', id: row.uri, action: 'resources/read' } as const)
  const params =
    row.uri === undefined ? { name: 'echo', arguments: { message: 'hi' } } : { uri: row.uri }
  const question = questionOf(item.action, params, reader)
  const facts = row.question === 'item' ? itemFacts(question, item) : messageFacts(question, [item])
  if (facts === null) throw new Error('no facts')
  const { subject, action, resource, context } = row.change ?? {}
  return {
    subject: { ...facts.subject, ...subject },
    action: { ...facts.action, ...action },
    resource: { ...facts.resource, ...resource },
    context: { ...facts.context, ...context },
  }
}

export const decisionRows = readVectors<DecisionRow>('decisions')
