/**
 * What the reason codes of a policy mean, from the annotations of its rules: `custom.code` with the
 * rule's title, or `custom.codes` with a text for each. A policy that says nothing of its codes, or
 * came without its sources, has none.
 */
import type { Json, JsonObject } from '../domain.js'
import { capabilities } from './compile-policy.js'
import { callCompiler } from './compiler.js'
import type { PolicySource } from './sources.js'

export async function readReasonTitles(source: PolicySource): Promise<ReadonlyMap<string, string>> {
  const reply = await callCompiler('inspect', { source, capabilities: capabilities() })
  const titles = new Map<string, string>()
  const annotated = reply.ok ? reply.result['annotations'] : []
  for (const entry of Array.isArray(annotated) ? annotated : []) {
    const annotations = member(entry, 'annotations')
    const custom = member(annotations, 'custom')
    const [title, code] = [member(annotations, 'title'), member(custom, 'code')]
    if (typeof title === 'string' && typeof code === 'string') add(titles, code, title)
    for (const [each, text] of Object.entries(object(member(custom, 'codes')))) {
      if (typeof text === 'string') add(titles, each, text)
    }
  }
  return titles
}

/** The first rule that says it, in the order of files and rows. */
function add(titles: Map<string, string>, code: string, title: string): void {
  if (!titles.has(code)) titles.set(code, title)
}

function member(value: Json | undefined, name: string): Json | undefined {
  return object(value)[name]
}

function object(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
