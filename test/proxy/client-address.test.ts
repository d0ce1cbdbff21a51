/** Whose address counts behind trusted proxies, and that a client cannot choose its own. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNetwork } from '../../src/lib/cidr.js'
import { createClientAddresses } from '../../src/proxy/client-address.js'

const networks = ['10.0.0.0/8', 'fd00::/8'].flatMap((text) => parseNetwork(text) ?? [])
const addresses = createClientAddresses(networks)
const own = '10.0.0.1'

const rows: [what: string, fields: string[], client: string | null][] = [
  ['no header', [], own],
  ['one hop', ['192.0.2.1'], '192.0.2.1'],
  ['what the client wrote before', ['10.9.9.9, 198.51.100.1, 192.0.2.1'], '192.0.2.1'],
  ['nonsense before', ['x, 192.0.2.1'], '192.0.2.1'],
  ['a chain of trusted proxies', ['192.0.2.1, 10.1.1.1, 10.2.2.2'], '192.0.2.1'],
  ['several fields are one list', ['192.0.2.9, 192.0.2.1', '10.1.1.1'], '192.0.2.1'],
  ['fields in their order', ['192.0.2.1', '192.0.2.2'], '192.0.2.2'],
  ['trusted ones only', ['10.3.3.3, 10.1.1.1'], '10.3.3.3'],
  ['spaces and tabs', ['  192.0.2.1\t,\t10.1.1.1 '], '192.0.2.1'],
  ['IPv6', ['2001:DB8::1, fd00::5'], '2001:db8::1'],
  ['IPv4 inside IPv6', ['::ffff:192.0.2.1'], '192.0.2.1'],
  ['a trusted one inside IPv6', ['192.0.2.1, ::ffff:10.1.1.1'], '192.0.2.1'],
  ['empty', [''], null],
  ['an empty part', ['192.0.2.1,'], null],
  ['an empty part between', ['192.0.2.1,,10.1.1.1'], null],
  ['a port', ['192.0.2.1:443'], null],
  ['brackets', ['[2001:db8::1]'], null],
  ['a name', ['unknown'], null],
  ['a zone', ['fe80::1%eth0'], null],
  ['nonsense behind a trusted one', ['nonsense, 10.1.1.1'], null],
  ['another kind of space', ['192.0.2.1\u00a0'], null],
  ['leading zeros', ['192.0.02.1'], null],
]
for (const [what, fields, client] of rows) {
  test(`${what}: ${client}`, () => {
    const headers = fields.flatMap((value) => ['X-FORWARDED-for', value])
    const others = [
      'Forwarded',
      'for=1.1.1.1',
      'X-Real-IP',
      '1.1.1.1',
      'X_Forwarded_For',
      '1.1.1.1',
    ]
    assert.is(addresses?.read([...others, ...headers, ...others], own), client)
  })
}

test('nobody is trusted where nobody is named', () => {
  assert.is(createClientAddresses([]), null)
  assert.is(addresses?.isTrusted('10.0.0.1'), true)
  assert.is(addresses?.isTrusted('192.0.2.1'), false)
  assert.is(addresses?.isTrusted(''), false)
})

test.run()
