/**
 * What `explain` makes of two engines: the module's verdict counts, another one of the interpreter is
 * told of and ends with 1, and what bounds the module alone is no disagreement.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyPair } from '../rego/signed.js'
import { inProcess } from './in-process.js'
import { folder } from './support.js'

test('engines that disagree are told of, loudly', async () => {
  // Bytes that are no UTF-8 are a replacement character to one engine only.
  writeFileSync(
    join(folder, 'bytes.rego'),
    'package mcpguard.main\n\ndefault decision := {"allow": false}\n\ndecision := {"allow": true} if urlquery.decode("%ff") == "\\ufffd"\n',
  )
  const args = ['explain', '--policy', 'bytes.rego', '--server', 's', '--tool', 'x']
  const { code, stdout, stderr } = await inProcess(args)
  assert.is(code, 1)
  assert.match(stdout, /^ALLOWED /)
  assert.match(
    stderr,
    /^error: the engines disagree: .* OPA's interpreter \{"allow":false,"reasons":\[\]\}$/m,
  )
  const json = JSON.parse((await inProcess([...args, '--json'])).stdout)
  assert.equal([json.decision.allow, json.interpreter], [true, { allow: false, reasons: [] }])
})

test('an interpreter that gives up where the module decides disagrees with it', async () => {
  writeFileSync(
    join(folder, 'fault.rego'),
    'package mcpguard.main\n\ndecision := {"allow": true}\n\ndecision := {"allow": false} if urlquery.decode("%ff") != "\\ufffd"\n',
  )
  const args = ['explain', '--policy', 'fault.rego', '--server', 's', '--tool', 'x']
  const { code, stdout, stderr } = await inProcess([...args, '--json'])
  assert.is(code, 1)
  const { decision, interpreter } = JSON.parse(stdout)
  assert.equal([decision.allow, interpreter.allow], [true, false])
  assert.match(stderr, /^error: the engines disagree: /m)
})

test('the budget and the signature that the configuration asks for count', async () => {
  writeFileSync(
    join(folder, 'costly.rego'),
    'package mcpguard.main\n\ndecision := {"allow": many} if {\n\tinput.resource.id == "x"\n\tmany := count([1 | numbers.range(1, 150)[_]; numbers.range(1, 150)[_]]) > 0\n}\n',
  )
  const asked = (policy: object) => {
    const value = { upstreams: { s: { url: 'http://10.0.0.1/mcp' } }, policy }
    writeFileSync(join(folder, 'counts.yaml'), JSON.stringify(value))
    return inProcess([
      'explain',
      '-c',
      'counts.yaml',
      '--server',
      's',
      '--tool',
      'x',
      '--role',
      'a',
    ])
  }
  const path = './costly.rego'
  assert.match((await asked({ path })).stdout, /^ALLOWED /)
  const spent = await asked({ path, budget: 10_000 })
  // Whatever the interpreter makes of it, which has no such bound.
  assert.is(spent.code, 0, spent.stderr)
  assert.match(spent.stdout, /^DENIED .*\n {2}policy-budget/)
  const signed = await asked({ path, verify: { key: keyPair().publicKey } })
  assert.equal([signed.code, signed.stdout], [1, ''])
  assert.match(signed.stderr, /^error: .*sign/)
})

test.run()
