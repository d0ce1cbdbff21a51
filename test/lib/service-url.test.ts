/** Addresses of services: what is refused by its text alone, and why. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readServiceUrl } from '../../src/lib/service-url.js'

const refused: readonly (readonly [url: string, problem: string])[] = [
  ['', 'is not an https URL'],
  ['idp.example', 'is not an https URL'],
  ['/jwks', 'is not an https URL'],
  ['file:///etc/passwd', 'is not an https URL'],
  ['ftp://idp.example/', 'is not an https URL'],
  ['data:application/json,{}', 'is not an https URL'],
  [' https://idp.example/', 'is not an https URL'],
  ['https://idp.example/\njwks', 'is not an https URL'],
  ['https://idp.example/\tjwks', 'is not an https URL'],
  ['https://me@idp.example/', 'holds credentials'],
  ['https://me:secret@idp.example/', 'holds credentials'],
  ['https://idp.example/#keys', 'has a fragment'],
  ['http://idp.example/', 'is http and not on this machine'],
  ['http://10.0.0.1/', 'is http and not on this machine'],
  ['http://localhost.example/', 'is http and not on this machine'],
  ['http://0.0.0.0/', 'is http and not on this machine'],
]

for (const [text, problem] of refused) {
  test(`refused: ${JSON.stringify(text)}`, () => {
    const read = readServiceUrl(text)
    assert.is(read.ok, false)
    if (!read.ok) assert.match(read.problem, problem)
  })
}

for (const [text, loopback] of [
  ['https://idp.example/realms/a?b=c', false],
  ['https://10.0.0.1/', false],
  ['https://localhost/', true],
  ['http://localhost:8080/', true],
  ['http://127.0.0.1/', true],
  ['http://0x7f.1/', true],
  ['http://2130706433/', true],
  ['http://[::1]:9/', true],
  ['http://[::ffff:7f00:1]/', true],
] as const) {
  test(`taken: ${text}`, () => {
    const read = readServiceUrl(text)
    assert.is(read.ok && read.loopback, loopback)
  })
}

test.run()
