/** Networks and addresses as an operator and a proxy write them, and what is none. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  addressGroup,
  addressText,
  canonicalAddress,
  createAddressSet,
  type Network,
  parseAddress,
  parseNetwork,
} from '../../src/lib/cidr.js'

const noNetworks = [
  '',
  ' ',
  '10.0.0.0/8 ',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.1/8',
  '10/8',
  '010.0.0.0/8',
  '0x0a.0.0.0/8',
  '256.0.0.0',
  'localhost',
  '10.0.0.0/255.0.0.0',
  '[::1]',
  '::1%lo',
  '::1/129',
  'fd00::1/64',
  '::ffff:10.0.0.0/104',
  ':::',
  '1:2:3:4:5:6:7:8:9',
]
for (const text of noNetworks) {
  test(`no network: ${JSON.stringify(text)}`, () => assert.is(parseNetwork(text), null))
}

const members: [network: string, inside: string[], outside: string[]][] = [
  ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '::ffff:a01:203'], ['11.0.0.0']],
  ['10.0.0.7', ['10.0.0.7'], ['10.0.0.6', '10.0.0.8', '::10.0.0.7', '64:ff9b::10.0.0.7']],
  ['192.168.4.0/22', ['192.168.7.255'], ['192.168.8.0', '192.168.3.255']],
  ['0.0.0.0/0', ['1.2.3.4'], ['::1', '::']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::', '::2', '127.0.0.1']],
  ['fd00:1::/33', ['fd00:1:7fff::'], ['fd00:1:8000::', 'fd00::']],
  ['::/0', ['::1', 'fe80::1'], ['1.2.3.4', '::ffff:1.2.3.4']],
  ['::ffff:10.0.0.7', ['10.0.0.7'], ['10.0.0.8']],
]
for (const [network, inside, outside] of members) {
  test(`who is in ${network}`, () => {
    const contains = createAddressSet([parsed(network)])
    for (const address of inside) assert.ok(contains(address), address)
    for (const address of [...outside, '', 'x', '1.2.3', '10.0.0.7 ', 'fe80::1%eth0']) {
      assert.not.ok(contains(address), address)
    }
  })
}

test('nobody is in no network', () => {
  assert.not.ok(createAddressSet([])('127.0.0.1'))
})

const texts: [string, string][] = [
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['1.2.3.4', '1.2.3.4'],
  ['::', '::'],
  ['2001:DB8::00aB', '2001:db8::ab'],
  ['1::8', '1::8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['::1.2.3.4', '::102:304'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['1:0:0:4:0:0:0:8', '1:0:0:4::8'],
  ['1:0:0:4:5:0:0:8', '1::4:5:0:0:8'],
  ['10:0:0:10:0:0:0:0', '10:0:0:10::'],
  ['::1', '::1'],
]
for (const [text, one] of texts) {
  test(`${text} in its one form`, () => {
    const bytes = parseAddress(text)
    assert.ok(bytes !== null)
    assert.is(addressText(bytes), one)
    assert.is(canonicalAddress(text), one)
    assert.equal(parseAddress(one), bytes)
  })
}

test('what is no address has no other form', () => {
  for (const text of ['', 'nobody', 'FE80::1%eth0', '01.2.3.4']) {
    assert.is(canonicalAddress(text), text)
  }
})

test('a client is an IPv4 address or a /64', () => {
  assert.is(addressGroup('10.1.2.3'), '10.1.2.3')
  assert.is(addressGroup('::ffff:10.1.2.3'), '10.1.2.3')
  assert.is(addressGroup('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2::/64')
  assert.is(addressGroup('2001:db8:1:2:ffff::'), addressGroup('2001:db8:1:2::1'))
  assert.is.not(addressGroup('2001:db8:1:3::'), addressGroup('2001:db8:1:2::'))
  assert.is(addressGroup('nobody'), null)
})

function parsed(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new Error(`no network: ${text}`)
  return network
}

test.run()
