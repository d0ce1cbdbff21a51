/** A policy that cannot be used at start: exit 1, file, row and column, and nothing listens. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runToEnd } from '../support/child.js'
import { closedPortUrl } from '../support/upstream.js'

const url = await closedPortUrl()
const rows = [
  {
    what: 'a syntax error',
    rego: 'package mcpguard.main\n\ndecision := {"allow": true\n',
    place: 'main.rego:4:1: ',
    text: 'unexpected eof',
  },
  {
    what: 'a type error',
    rego: 'package mcpguard.main\n\ndecision := {"allow": count(1) == 1}\n',
    place: 'main.rego:3:23: ',
    text: 'count',
  },
  {
    what: 'a fact that does not exist',
    rego: 'package mcpguard.main\n\ndecision := {"allow": input.tol.name == "x"}\n',
    place: 'main.rego:3:23: ',
    text: 'undefined ref: input.tol.name (there is: action, context, resource, subject)',
  },
  {
    what: 'an unknown builtin',
    rego: 'package mcpguard.main\n\ndecision := {"allow": http.sendd({}) == 1}\n',
    place: 'main.rego:3:23: ',
    text: 'http.sendd',
  },
  {
    what: 'no entry point',
    rego: 'package mcpguard.main\n\nverdict := {"allow": true}\n',
    place: '',
    text: 'mcpguard/main/decision',
  },
]
const ends = new Map(
  await Promise.all(
    rows.map(async ({ what, rego }) => {
      const upstreams = { up: url }
      return [what, await runToEnd({ upstreams, policy: { 'main.rego': rego } })] as const
    }),
  ),
)

for (const { what, place, text } of rows) {
  test(`${what}: exit 1 with its place`, () => {
    const end = ends.get(what)
    assert.is(end?.exitCode, 1)
    assert.match(end?.text ?? '', place)
    assert.match(end?.text ?? '', text)
    assert.not.match(end?.text ?? '', 'listening')
    assert.not.match(end?.text ?? '', /\n\s+at /, 'no stack for the operator')
  })
}

test.run()
