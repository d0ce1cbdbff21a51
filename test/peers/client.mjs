/**
 * A real client as a child process: `node client.mjs JOBS`. JOBS is a JSON array of
 * {name, sdk, scenario, …}, done one after the other; prints one object, name → what came of it.
 */
import { legacyDialogue } from './legacy-dialogue.mjs'
import { legacyTasks } from './legacy-tasks.mjs'
import { modernDialogue } from './modern-dialogue.mjs'
import { negotiation } from './negotiation.mjs'
import { oauth } from './oauth.mjs'
import { recording } from './recording.mjs'
import { connect as connectV1 } from './sdk-v1.mjs'
import { connect as connectV2 } from './sdk-v2.mjs'
import { survey } from './survey.mjs'

const connects = { v1: connectV1, v2: connectV2 }
const scenarios = { legacyDialogue, legacyTasks, modernDialogue, negotiation, oauth, survey }

const results = {}
for (const { name, sdk, scenario, ...job } of JSON.parse(process.argv[2] ?? '[]')) {
  const wire = recording()
  results[name] = await scenarios[scenario](connects[sdk], { ...job, wire })
}
process.stdout.write(JSON.stringify(results), () => process.exit(0))
