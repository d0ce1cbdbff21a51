/**
 * The answer to `call` as a person or a machine reads it. A refusal shows its decision id and, for
 * whoever may read the audit, the line that tells why.
 */

import type { Json, JsonObject } from '../domain.js'
import { describeThrown } from '../errors.js'
import { cutText, escapeUnprintable } from '../lib/printable.js'
import { findAuditLine } from './audit-search.js'
import type { Answer } from './mcp-client.js'
import {
  exitCodes,
  printFailure,
  printForeign,
  printJson,
  printLine,
  printNote,
} from './terminal.js'

export type Family = 'tools' | 'prompts' | 'resources'

export interface ReportOptions {
  readonly family: Family
  readonly list: boolean
  readonly json: boolean
  readonly keySent: boolean
  /** Path of the audit file. */
  readonly audit?: string | undefined
}

/** Prints the answer; returns the exit code. */
export function report(answer: Answer, options: ReportOptions): number {
  const decisionId = decisionIdOf(answer)
  const audit =
    options.audit === undefined || decisionId === null ? null : findAudit(options.audit, decisionId)
  const ok = answer.kind === 'result' && answer.result['isError'] !== true
  if (options.json) {
    const { kind: _kind, ...rest } = answer
    printJson({ ok, decisionId, ...rest, ...(audit === null ? {} : { audit: JSON.parse(audit) }) })
  } else {
    printAnswer(answer, options)
    if (audit !== null) printForeign(`audit: ${audit}`)
  }
  return ok ? exitCodes.ok : exitCodes.failed
}

/** From the data of an error, or from the text that stands in the place of a tool's result. */
function decisionIdOf(answer: Answer): string | null {
  if (answer.kind === 'error') {
    const id = member(answer.data, 'decisionId')
    return typeof id === 'string' ? id : null
  }
  if (answer.result['isError'] !== true) return null
  return (
    /\(decision ([0-9A-Za-z_-]{1,64})\)/.exec(contentTexts(answer.result).join('\n'))?.[1] ?? null
  )
}

function findAudit(path: string, decisionId: string): string | null {
  try {
    const line = findAuditLine(path, decisionId)
    if (line === null) printNote(`the audit file ${path} has no line for decision ${decisionId}`)
    return line
  } catch (thrown) {
    printNote(`the audit file cannot be read: ${describeThrown(thrown)}`)
    return null
  }
}

function printAnswer(answer: Answer, { family, list, keySent }: ReportOptions): void {
  if (answer.kind === 'error') {
    const code = answer.code === null ? '' : `, code ${answer.code}`
    printFailure(`${escapeUnprintable(answer.message)} (HTTP ${answer.status}${code})`)
    if (answer.status === 401)
      printNote(keySent ? 'the key is not accepted' : 'send a key: --key-file FILE')
    return
  }
  if (list) {
    if (itemsOf(answer.result, family).length === 0) printNote(`no ${family} are allowed here`)
    for (const item of itemsOf(answer.result, family)) printLine(describeItem(item))
    return
  }
  for (const text of contentTexts(answer.result)) printForeign(text)
}

function describeItem(item: Json): string {
  const name = member(item, 'name') ?? member(item, 'uri')
  const uri = member(item, 'uri')
  const about = typeof uri === 'string' ? uri : member(item, 'description')
  const label = typeof name === 'string' ? escapeUnprintable(name) : '?'
  const firstLine = typeof about === 'string' ? (about.split('\n')[0] ?? '') : ''
  return firstLine === '' ? label : `${label}  ${escapeUnprintable(cutText(firstLine, 80))}`
}

/** What a person can read of a tool's, prompt's or resource's answer. */
function contentTexts(result: JsonObject): string[] {
  const { content, messages, contents, structuredContent } = result
  const blocks = [content, contents, messages].flatMap((list) => (Array.isArray(list) ? list : []))
  if (blocks.length === 0) return [JSON.stringify(structuredContent ?? result, null, 2)]
  return blocks.map((block) => {
    const role = member(block, 'role')
    const inner = member(block, 'content') ?? block
    const text = member(inner, 'text')
    const shown = typeof text === 'string' ? text : `[${describeBlock(inner)}]`
    return typeof role === 'string' ? `${role}: ${shown}` : shown
  })
}

function describeBlock(block: Json): string {
  const parts = [member(block, 'type'), member(block, 'uri'), member(block, 'mimeType')]
  return parts.filter((part) => typeof part === 'string').join(' ') || 'content'
}

function member(value: Json, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value[name]
    : undefined
}

export function itemsOf(result: JsonObject, family: Family): Json[] {
  const items = result[family]
  return Array.isArray(items) ? items : []
}
