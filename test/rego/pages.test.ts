/**
 * Every check and lint flags the examples of its page in the lines that say so, and nothing in the
 * others: three of each. The whole artefact answers, in this process.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Json, JsonObject } from '../../src/domain.js'
import { factsSchema } from '../../src/rego/compile-policy.js'
import { entryPoint } from '../../src/rego/host-module.js'
import { lintIds } from '../../src/rego/lint.js'
import { type PageExample, readPages } from './page-examples.js'
import { must, onSource } from './reactor-fixture.js'

const main = `package mcpguard.main

default decision := {"allow": false}

decision := {"allow": true} if {
	some code in data.mcpguard.rules[_].permit
	count([c | some c in data.mcpguard.rules[_].deny]) == 0
}
`

type Finding = { [member: string]: Json }

function ask(op: 'check' | 'lint', files: Record<string, string>, rest: JsonObject): Finding[] {
  const request = { schema: factsSchema(), entryPoint, ...rest }
  return must(onSource(op, files, request))['findings'] as Finding[]
}

function sourceOf({ files }: PageExample): Record<string, string> {
  const ownMain = Object.values(files).some((text) => text.includes('package mcpguard.main\n'))
  return ownMain ? { ...files } : { ...files, 'mcpguard/main/main.rego': main }
}

const lintPages = readPages('docs/lint')
const checkPages = readPages('docs/check')

for (const op of ['lint', 'check'] as const) {
  for (const { id, examples, offered } of op === 'lint' ? lintPages : checkPages) {
    test(`docs/${op}/${id}.md has three examples of each kind`, () => {
      const flagged = examples.filter((example) => example.flagged).length
      assert.equal([flagged, examples.length - flagged], [3, 3])
    })

    for (const example of examples) {
      test(`${id}: ${example.flagged ? '' : 'not '}flagged: ${example.name}`, () => {
        const files = sourceOf(example)
        const checked = ask('check', files, { strict: true })
        const found =
          op === 'check' ? checked : ask('lint', files, { disable: [], offered: asJson(offered) })
        const places = found
          .filter(({ code }) => code === id)
          .map(({ file, row }) => `${file}:${row}`)
          .sort()
        assert.equal(places, example.marks)
        assert.is(example.marks.length > 0, example.flagged, 'no line says that it is flagged')
        // An example of one thing is right in all others that are surely wrong.
        const others = checked.filter(({ code, level }) => code !== id && level === 'error')
        assert.equal(others, [])
      })
    }
  }
}

function asJson(offered: unknown): Json {
  return JSON.parse(JSON.stringify(offered)) as Json
}

test('each lint has its page, and ten of them are about gateways', () => {
  assert.equal(
    lintPages.map(({ id }) => id),
    lintIds,
  )
  assert.is(lintIds.length, 11)
})

test.run()
