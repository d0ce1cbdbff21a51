/**
 * The shipped rules with grants that name what the fixture offers, item by item, for everybody:
 * what is not named here is denied.
 */
import { join } from 'node:path'
import type { PolicyFiles } from '../support/gateway.js'
import { shippedRules } from '../support/peer-items.js'

const inputTools = ['capabilities', 'elicitation', 'list_roots', 'multi_round', 'multiple_inputs']
  .concat('request_state', 'sampling', 'tampered_state')
  .map((name) => `test_input_required_result_${name}`)

/** Names by the member of the list in which they are found. */
export const offered = {
  tools: [
    'json_schema_2020_12_tool',
    'test_audio_content',
    'test_elicitation',
    'test_elicitation_sep1034_defaults',
    'test_elicitation_sep1330_enums',
    'test_embedded_resource',
    'test_error_handling',
    'test_image_content',
    ...inputTools,
    'test_logging_tool',
    'test_mirrored_argument',
    'test_missing_capability',
    'test_multiple_content_types',
    'test_reconnection',
    'test_sampling',
    'test_simple_text',
    'test_sometimes',
    'test_streaming_elicitation',
    'test_tool_with_logging',
    'test_tool_with_progress',
    'test_trigger_prompt_change',
    'test_trigger_tool_change',
    'test_waiting',
  ],
  prompts: [
    'test_input_required_result_prompt',
    'test_prompt_with_arguments',
    'test_prompt_with_embedded_resource',
    'test_prompt_with_image',
    'test_simple_prompt',
    'test_sometimes_prompt',
  ],
  resources: ['test://static-binary', 'test://static-text', 'test://watched-resource'],
  resourceTemplates: ['test://template/{id}/data'],
} as const

/** What the server asks of its client, and what is granted below a template's text. */
const asked = ['elicitation/create', 'roots/list', 'sampling/createMessage']
const below = ['test://template/']

const granted = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]))
const grants = {
  '*': {
    fixture: {
      tools: granted(offered.tools),
      prompts: granted(offered.prompts),
      resources: granted([...offered.resources, ...below]),
      methods: granted(asked),
    },
  },
}
const tiers = {
  order: [{ role: '*', tier: 'plenty' }],
  tiers: { plenty: { user: { tokens: 60_000, per: '1m', burst: 50_000 } } },
}

export function fixtureGrants(): PolicyFiles {
  return {
    ...shippedRules(),
    [join('grants', 'data.yaml')]: JSON.stringify(grants),
    [join('tiers', 'data.yaml')]: JSON.stringify(tiers),
  }
}
