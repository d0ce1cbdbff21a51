/** What `grants` does not write, and what it says instead. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startOffering } from '../support/offering.js'
import { closedPortUrl } from '../support/upstream.js'
import { inProcess } from './in-process.js'
import { cli, folder } from './support.js'

const server = await startOffering()
const nobody = await closedPortUrl()
const { url } = server.upstream
test.after(() => server.upstream.close())

const run = (...words: string[]) => inProcess(['grants', ...words])

const failures: readonly (readonly [what: string, words: string[], message: string])[] = [
  [
    'nothing listens',
    ['--from', nobody, '--server', 'up'],
    `${nobody}: nothing listens there; is the server running?`,
  ],
  [
    'a place that cannot be written',
    ['--from', url, '--server', 'up', '--out', '/dev/null/x'],
    '/dev/null/x cannot be written: E',
  ],
  ['no such configuration', ['-c', 'none.yaml', '--server', 'up'], 'none.yaml: does not exist'],
]
for (const [what, words, message] of failures) {
  test(`exit 1: ${what}`, async () => {
    const { code, stdout, stderr } = await run(...words)
    assert.is(code, 1)
    assert.not.match(stdout, 'tools')
    assert.ok(stderr.startsWith(`error: ${message}`), stderr)
  })
}

test('a server that asks for a key: what to do, with the key that was sent and without one', async () => {
  server.instead = (_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
    return true
  }
  writeFileSync(join(folder, 'a.key'), 'some-key-1234567890\n', { mode: 0o600 })
  const words = ['--from', url, '--server', 'up']
  for (const [key, hint] of [
    [[], 'send a key: --key-file FILE'],
    [['--key-file', 'a.key'], 'the key is not accepted'],
  ] as const) {
    const { code, stdout, stderr } = await run(...words, ...key)
    assert.equal([code, stdout], [1, ''])
    assert.is(stderr.split('\n').at(-2), hint, stderr)
    assert.not.match(stderr, 'some-key')
  }
})

mkdirSync(dirname(join(folder, 'two', 'guard.yaml')))
writeFileSync(
  join(folder, 'two', 'guard.yaml'),
  JSON.stringify({ upstreams: { a: { url }, b: { url } } }),
)
const oneWay = 'say which server, in one way: --from URL, --config FILE or -- COMMAND'
const wrong: readonly (readonly [words: string[], message: string])[] = [
  [[], oneWay],
  [['--from', url, '-c', 'x.yaml'], oneWay],
  [['--from', url, '--server', 'x', '--', 'npx'], oneWay],
  [['--from', 'ftp://x', '--server', 'up'], '--from takes an http or https URL'],
  [['--from', url], 'say which server of the configuration this is: --server NAME'],
  [['--from', url, '--server', '*'], '--server is no name for grants'],
  [['--from', url, '--server', 'up', '--role', 'x'.repeat(2000)], '--role is no name for grants'],
  [['--from', url, '--server', 'up', '--role', ''], '--role is no name for grants'],
  [['-c', 'two/guard.yaml', '--key-file', 'a'], '--key-file means nothing without --from'],
  [['-c', 'two/guard.yaml', '--modern'], '--modern means nothing without --from'],
  [['-c', 'two/guard.yaml'], 'say which server: --server a or b'],
  [['-c', 'two/guard.yaml', '--server', 'c'], 'there is no upstream c: --server takes one of a, b'],
]
for (const [words, message] of wrong) {
  test(`exit 2: grants ${words.join(' ').slice(0, 80)}`, async () => {
    const ended = words.includes('--') ? await cli(['grants', ...words]) : await run(...words)
    assert.is(ended.code, 2)
    assert.ok(ended.stderr.startsWith(`error: ${message}\n`), ended.stderr)
  })
}

test.run()
