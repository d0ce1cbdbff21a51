/** A small policy, packed by the compiler as `build` asks for it, and what a gateway makes of a bundle. */
import type { JsonObject } from '../../src/domain.js'
import { capabilities, factsSchema } from '../../src/rego/compile-policy.js'
import { entryPoint, hostEntryPoint, hostModule } from '../../src/rego/host-module.js'
import { call, compileSource, must, type RawReply } from './reactor-fixture.js'
import { unpacked } from './signed.js'

export const files = {
  '.manifest':
    '{"roots": ["mcpguard", "grants"], "metadata": {"team": "a", "mcpguard": {"contract": 1}}}',
  'mcpguard/main/main.rego': `# METADATA
# title: The decision
package mcpguard.main

# METADATA
# title: By grants
# custom:
#   code: granted
decision := {"allow": input.resource.id in data.grants[input.subject.id]}
`,
  'mcpguard/main/main_test.rego': 'package mcpguard.main_test\n\ntest_x if 1 == 1\n',
  'grants/data.yaml': 'alice: [read, "<&>"]\nlimit: 1.50\n',
}

export function pack(source: Record<string, string>, more: JsonObject = {}): RawReply {
  return call('pack', {
    source: { files: source },
    capabilities: capabilities(),
    schema: factsSchema(),
    entryPoint,
    hostModule,
    hostEntryPoint,
    revision: '',
    compiler: 'sha256:0',
    serial: null,
    withSources: false,
    sign: null,
    ...more,
  })
}

export function bytesOf(reply: RawReply): Buffer {
  return Buffer.from(String(must(reply)['bundle']), 'base64')
}

export const built = bytesOf(pack(files))
export const manifestOf = (bundle: Uint8Array) =>
  JSON.parse(String(unpacked(bundle)['.manifest'])) as {
    revision: string
    roots: string[]
    wasm: JsonObject[]
    rego_version: number
    metadata: JsonObject & { mcpguard: JsonObject }
  }
export const loaded = (bundle: Uint8Array) =>
  must(compileSource({ bundle: Buffer.from(bundle).toString('base64') }))
