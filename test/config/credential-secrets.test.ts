/** A credential for a server is a secret where it is written out, and none where it is named. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkLiteralSecrets } from '../../src/config/secrets.js'

const rows: readonly (readonly [value: string, isSecret: boolean])[] = [
  ['Bearer abc', true],
  ['Bearer', true],
  ['abc', true],
  ['abc${env:TOKEN}', true],
  ['Bearer abc${env:TOKEN}', true],
  ['Bearer ${env:TOKEN}abc', true],
  ['Bearer  ${env:TOKEN}', true],
  ['${env:TOKEN}', false],
  ['Bearer ${env:TOKEN}', false],
  ['Bearer ${file:./token}', false],
  ['token ${env:USER_ID}${env:TOKEN}', false],
]

for (const [value, isSecret] of rows) {
  test(`${value} is ${isSecret ? 'a secret' : 'none'}`, () => {
    const credential = { header: { name: 'Authorization', value } }
    const document = { upstreams: { one: { url: 'https://mcp.example.com/', credential } } }
    const problems = checkLiteralSecrets(document, 'guard.yaml', '0644')
    assert.equal(
      problems.map(({ pointer }) => pointer),
      isSecret ? ['/upstreams/one/credential/header/value'] : [],
    )
  })
}

test.run()
