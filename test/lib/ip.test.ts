/** What an address is taken for. Wrong answers here open the way to metadata services. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type AddressKind, addressKind, isLoopbackHost } from '../../src/lib/ip.js'

const table: Readonly<Record<AddressKind, readonly string[]>> = {
  unfit: [
    '',
    'localhost',
    '1.2.3',
    '0x7f.1',
    '127.1',
    '010.0.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.51.100.9',
    '203.0.113.255',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::7f00:1',
    '::a9fe:a9fe',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::FFFF:0.0.0.0',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::7f00:1',
    '64:ff9b:0:0:1::1',
    '2002:7f00:1::',
    '2002:a9fe:a9fe::1',
    '2001:0:a00:1::',
    '2001:20::1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    '5f00::1',
    'fe80::1',
    'fe80::1%eth0',
    '::1%lo',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '[::1]',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'],
  private: [
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '198.19.255.255',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
    '::ffff:c0a8:1',
    '64:ff9b::10.0.0.1',
  ],
  public: [
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2001:4860:4860::8888',
    '2003::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ],
}

for (const [kind, addresses] of Object.entries(table)) {
  test(`addresses that are ${kind}`, () => {
    const wrong = addresses.filter((address) => addressKind(address) !== kind)
    assert.equal(
      wrong.map((address) => [address, addressKind(address)]),
      [],
    )
  })
}

test('hosts that say that they are this machine', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.9.9.9', '[::1]', '::1']) {
    assert.ok(isLoopbackHost(host), host)
  }
  const others = ['localhost.', 'a.localhost', 'localhost.example', '0.0.0.0', '[::]', '10.0.0.1']
  for (const host of [...others, '127.0.0.1.example', '']) assert.not(isLoopbackHost(host), host)
})

test.run()
