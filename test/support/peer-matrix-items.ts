/** The servers of the matrix, what each is asked for at each step, and what the policy refuses. */
import { join } from 'node:path'
import type { JsonObject } from '../../src/domain.js'
import type { PolicyFiles } from './gateway.js'

export const columns = [
  'everything http',
  'everything sse',
  'everything stdio',
  'filesystem stdio',
  'memory stdio',
  'fixture http',
  'fixture stdio',
] as const
export type Column = (typeof columns)[number]

/** What the policy hides, by its name in the lists. */
export const hiddenTools = ['get-env', 'write_file', 'delete_entities', 'test_image_content']

export const policy: PolicyFiles = {
  'main.rego': `package mcpguard.main

decision := {"allow": count(_denied) == 0, "reasons": _denied}

_hidden := {${hiddenTools.map((name) => JSON.stringify(name)).join(', ')}}

_denied contains "hidden" if {
	input.resource.type == "tool"
	input.resource.id in _hidden
}

_denied contains "forbidden-argument" if {
	some value in input.resource.arguments
	contains(value, "forbidden")
}
`,
}

/** How long a call would take that is cancelled soon after it began. */
const slowMs = 1500

function tool(name: string, given: JsonObject): JsonObject {
  return { name, given }
}

/** Servers without a tool for a step are asked for one all the same, and say so. */
export function itemsOf(column: Column, mark: string, folder: string): JsonObject {
  const long = (duration: number) => tool('trigger-long-running-operation', { duration, steps: 3 })
  const others = {
    progress: long(0.15),
    slow: { ...long(slowMs / 1000), ms: slowMs },
    elicitation: tool('trigger-elicitation-request', {}),
  }
  switch (column) {
    case 'filesystem stdio':
      return {
        call: tool('read_text_file', { path: join(folder, 'files/note.txt') }),
        denied: tool('read_text_file', { path: join(folder, 'files/forbidden.txt') }),
        hidden: tool('write_file', { path: join(folder, 'files/new.txt'), content: 'x' }),
        ...others,
      }
    case 'memory stdio':
      return {
        call: tool('search_nodes', { query: 'nothing' }),
        denied: tool('search_nodes', { query: 'forbidden' }),
        hidden: tool('delete_entities', { entityNames: [] }),
        ...others,
      }
    case 'fixture http':
    case 'fixture stdio':
      return {
        call: tool('test_mirrored_argument', { region: 'Zürich ' }),
        denied: tool('test_mirrored_argument', { region: 'forbidden' }),
        hidden: tool('test_image_content', {}),
        progress: tool('test_tool_with_progress', {}),
        slow: { ...tool('test_waiting', { mark, ms: slowMs }), ms: slowMs },
        elicitation: tool('test_elicitation', { message: 'Who are you?' }),
      }
    default:
      return {
        call: tool('echo', { message: 'hällo' }),
        denied: tool('echo', { message: 'forbidden' }),
        hidden: tool('get-env', {}),
        ...others,
      }
  }
}
