/**
 * `build` and `inspect` as a user runs them: the same bytes from anywhere, nothing written that the
 * gateway would not activate, keys that others can read refused.
 */
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyPair } from '../rego/signed.js'
import { inProcess } from './in-process.js'
import { type Ended, folder, startCli } from './support.js'

const policy = {
  'main/main.rego': `# METADATA
# title: The decision
package mcpguard.main

import data.lib

decision := {"allow": lib.granted}
`,
  'lib/lib.rego': `package lib

default granted := false

granted if input.resource.id in data.grants[input.subject.id]
`,
  'main/main_test.rego': `package mcpguard.main_test

import data.mcpguard.main

test_denied if not main.decision.allow with input as {}
`,
  'grants/data.yaml': 'alice: [read]\n',
}

function write(at: string, files: Record<string, string>, seconds = 0): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, at, name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    if (seconds > 0) utimesSync(file, seconds, seconds)
  }
}

write('policies', policy)
const keys = keyPair()
writeFileSync(join(folder, 'bundle.key'), keys.privateKey, { mode: 0o600 })
writeFileSync(join(folder, 'bundle.pub'), keys.publicKey)
writeFileSync(join(folder, 'other.pub'), keyPair().publicKey)

const run = (args: string, variables: Record<string, string> = {}): Promise<Ended> =>
  startCli(args.split(' '), '', variables).ended
/** What ends the command with 1. */
const refusal = (args: string): Promise<string> =>
  inProcess(`build ${args}`.split(' ')).then(({ stderr }) => stderr.replace(/^error: |\n$/g, ''))
const read = (name: string) => readFileSync(join(folder, name))

// ── Refused ─────────────────────────────────────────────────────────────────────────────────────

const wrong: readonly (readonly [args: string, message: string])[] = [
  ['build', 'say where the bundle is written, such as --out bundle.tar.gz'],
  [
    'build --out a --sign bundle.key',
    'a signed bundle needs its place in time: --serial NUMBER, or SOURCE_DATE_EPOCH',
  ],
  ['build --out a --serial -1', '--serial is a whole number from 0 on, not "-1"'],
  ['build --out a --serial 1.5', '--serial is a whole number from 0 on, not "1.5"'],
  [
    'build --out a --serial 9007199254740992',
    '--serial is a whole number from 0 on, not "9007199254740992"',
  ],
  ['build --out a --scope b', '--scope means nothing without --sign'],
  ['build --out a --key-id b', '--key-id means nothing without --sign'],
  [
    'build --out a --sign bundle.key --serial 1 --scope a\u00a0b',
    '--scope takes 1 to 128 characters and no spaces',
  ],
  [
    'build --verify bundle.pub',
    '--verify takes one bundle: mcp-guard build --verify bundle.pub bundle.tar.gz',
  ],
  [
    'build --verify bundle.pub a b',
    '--verify takes one bundle: mcp-guard build --verify bundle.pub bundle.tar.gz',
  ],
  ['build --verify bundle.pub a --out b', '--verify and --out exclude each other'],
]

for (const [args, message] of wrong) {
  test(`exit 2: mcp-guard ${args}`, async () => {
    const ended = await inProcess(args.split(' '))
    const stderr = `error: ${message}\nmcp-guard build --help shows how it is used\n`
    assert.equal(ended, { code: 2, stdout: '', stderr })
  })
}

test('exit 2: what cannot be read as a command line, and an algorithm that is a shared secret', async () => {
  for (const [args, text] of [
    ['build --out', '--out needs a value'],
    ['build --out a --out b', '--out is given twice'],
    ['build --out a --algorithm HS256', '--algorithm is one of "ES256"'],
  ] as const) {
    const { code, stdout, stderr } = await run(args)
    assert.equal([code, stdout], [2, ''])
    assert.match(stderr, text)
  }
})

test('exit 1: keys that are none, fit nothing, or can be read by others', async () => {
  const file = (name: string, text: string, mode = 0o600) => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }
  const pem = { type: 'pkcs8', format: 'pem' } as const
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export(pem)
  const locked = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    ...pem,
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  file('open.key', keys.privateKey, 0o640)
  file('none.key', 'hello\n')
  file('small.key', small.toString())
  file('locked.key', locked.toString())
  file('rsa.pub', keyPair('rsa').publicKey)
  const rows: [args: string, text: string][] = [
    [
      '--sign open.key',
      'the file "open.key" holds a secret and is open to others (mode 0640); run: chmod 600 open.key',
    ],
    ['--sign gone.key', 'the key file gone.key does not exist'],
    ['--sign none.key', 'the key in none.key is no private key in PEM'],
    ['--sign locked.key', 'the key in locked.key is encrypted; write it out with openssl pkey'],
    ['--sign bundle.pub', 'the key in bundle.pub is a public key; --sign takes the private one'],
    ['--sign rsa.pub', 'the key in rsa.pub is a public key; --sign takes the private one'],
    [
      '--sign bundle.key --algorithm ES384',
      'the key in bundle.key is a key of the kind prime256v1, and ES384 takes secp384r1; choose another key, or another --algorithm',
    ],
    [
      '--sign small.key --algorithm RS256',
      'the key in small.key has 1024 bits, fewer than 2048; choose another key',
    ],
  ]
  const { code, stderr } = await run('build --out refused.tar.gz --serial 1 --sign open.key')
  assert.equal([code, stderr.split('\n')[0]], [1, `error: ${rows[0]?.[1]}`])
  for (const [args, text] of rows) {
    assert.ok((await refusal(`--out refused.tar.gz --serial 1 ${args}`)).startsWith(text), text)
  }
  const verifies: [args: string, text: string][] = [
    ['bundle.key', 'the key in bundle.key is a private key; give the public half'],
    ['none.key', 'the key in none.key is no public key in PEM; give a public key for ES256'],
    ['rsa.pub', 'the key in rsa.pub is a key of the kind rsa, and ES256 takes prime256v1'],
  ]
  for (const [key, text] of verifies) {
    assert.ok((await refusal(`--verify ${key} policies`)).startsWith(text), text)
  }
  assert.not.ok(existsSync(join(folder, 'refused.tar.gz')))
})

test('exit 1: what check calls an error, or the gateway would not activate, is not written', async () => {
  write('broken', { ...policy, 'lib/lib.rego': 'package lib\n\ngranted := missing\n' })
  write('looping', {
    'main.rego':
      'package mcpguard.main\n\ndecision := {"allow": count([1 | numbers.range(1, 3000)[_]; numbers.range(1, 3000)[_]]) > 0}\n',
  })
  const broken = await run('build broken --out no.tar.gz')
  assert.is(broken.code, 1)
  assert.match(broken.stderr, /^broken\/lib\/lib\.rego:3:12: error: var missing.*\n {2}see docs\//)
  const looping = await run('build looping --out no.tar.gz')
  assert.is(looping.code, 1)
  assert.match(looping.stderr, /the gateway would not activate it: /)
  const none = await run('build nowhere --out no.tar.gz')
  assert.is(none.code, 1)
  assert.match(none.stderr, 'error: there is no policy at nowhere')
  assert.not.ok(readdirSync(folder).some((name) => name.startsWith('no.tar.gz')))
})

// ── Built ───────────────────────────────────────────────────────────────────────────────────────

test('the same policy gives the same bytes: other folder, order, times, zone, locale and mask', async () => {
  const first = await run('build --out one.tar.gz')
  assert.is(first.code, 0, first.stderr)
  assert.is(first.stderr, '')
  const [, bytes = '', revision = '', digest = ''] =
    /^one\.tar\.gz: (\d+) bytes, not signed\nrevision (sha256:\w{64})\nin decisions (sha256:\w{64})\n$/.exec(
      first.stdout,
    ) ?? []
  assert.is(Number(bytes), read('one.tar.gz').byteLength)
  write('else/where', Object.fromEntries(Object.entries(policy).reverse()), 1_000_000)
  const mask = process.umask(0o077)
  try {
    const elsewhere = await run(`build ${join(folder, 'else', 'where')} --out two.tar.gz --json`, {
      TZ: 'Pacific/Kiritimati',
      LC_ALL: 'tr_TR.UTF-8',
    })
    assert.is(elsewhere.code, 0, elsewhere.stderr)
    assert.equal(JSON.parse(elsewhere.stdout), {
      file: 'two.tar.gz',
      bytes: Number(bytes),
      revision,
      digest,
      serial: null,
      signed: null,
    })
  } finally {
    process.umask(mask)
  }
  assert.ok(read('one.tar.gz').equals(read('two.tar.gz')))
  assert.is(statSync(join(folder, 'two.tar.gz')).mode & 0o777, 0o600)
})

test('exit 1: files and folders that are not there are named, and nothing else', async () => {
  mkdirSync(join(folder, 'plain'), { recursive: true })
  const rows: [args: string, text: string][] = [
    ['build --verify bundle.pub nofile.tgz', 'the bundle nofile.tgz does not exist'],
    ['build --verify bundle.pub plain', 'the bundle plain is a folder'],
    ['build --out nodir/b.tgz', 'nodir/b.tgz is not written: there is no folder nodir'],
    ['build -o bundle.key/b.tgz', 'bundle.key/b.tgz is not written: there is no folder bundle.key'],
    ['build --out plain', 'plain is not written: it is a folder'],
  ]
  for (const [args, text] of rows) {
    const ended = await run(args)
    assert.equal(ended, { code: 1, stdout: '', stderr: `error: ${text}\n` })
  }
})

test('signed with the serial of SOURCE_DATE_EPOCH, verified, and looked into', async () => {
  const signed = await run(
    'build --out signed.tar.gz --sign bundle.key --key-id ci --scope prod --revision v1 --with-sources',
    { SOURCE_DATE_EPOCH: '1700000000' },
  )
  assert.is(signed.code, 0, signed.stderr)
  assert.match(
    signed.stdout,
    /^signed\.tar\.gz: \d+ bytes, signed with ES256\nrevision v1\nserial 1700000000\nin decisions sha256:/,
  )
  const verify = (rest: string) => run(`build --verify ${rest} signed.tar.gz`)
  const good = await verify('bundle.pub --scope prod --key-id ci')
  assert.equal(good, {
    code: 0,
    stdout: 'signed.tar.gz: ok, signed by the owner of bundle.pub\n',
    stderr: '',
  })
  const rows: [rest: string, text: string][] = [
    ['bundle.pub', 'signed for the scope "prod", and "" is asked for (say so: --scope prod)'],
    [
      'bundle.pub --scope test',
      'signed for the scope "prod", and "test" is asked for (sign it for that scope',
    ],
    ['bundle.pub --scope prod --key-id x', 'signed with the key "ci", and "x" is asked for'],
    ['other.pub --scope prod', 'the signature is not by the owner of the key'],
  ]
  for (const [rest, text] of rows) {
    const { code, stdout, stderr } = await verify(rest)
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.ok(stderr.startsWith(`error: signed.tar.gz: .signatures.json: ${text}`), stderr)
  }
  const json = await verify('other.pub --json')
  const { ok, problems } = JSON.parse(json.stdout) as { ok: boolean; problems: { code: string }[] }
  assert.is(json.code, 1)
  assert.equal([ok, problems.map(({ code }) => code)], [false, ['signature_wrong']])

  const inspected = await run('inspect signed.tar.gz')
  assert.is(inspected.code, 0)
  assert.is(inspected.stderr, '')
  for (const line of [
    'revision      v1',
    'serial        1700000000',
    'signature     says ES256 by the key ci, for the scope prod, over 6 files; not verified here',
    'decides by    policy.wasm, which reads 2 paths of the facts and is asked for lists at once',
    '              2 .rego files lie beside it and decide nothing',
    'entry points  mcpguard/main/decision',
    '              mcpguard/host/decisions',
    'packages      lib (lib/lib.rego)',
    'annotations   data.mcpguard.main: The decision',
    'data          grants',
    'roots         all',
  ]) {
    assert.ok(inspected.stdout.split('\n').includes(line), `${line}\n${inspected.stdout}`)
  }
})

test('inspect reads sources too, and says all as JSON', async () => {
  const { code, stdout } = await run('inspect policies --json')
  assert.is(code, 0)
  const contents = JSON.parse(stdout) as {
    compiled: null
    signature: null
    serial: null
    packages: { package: string }[]
    files: { name: string; bytes: number }[]
  }
  assert.equal([contents.compiled, contents.signature, contents.serial], [null, null, null])
  assert.equal(
    contents.packages.map((one) => one.package),
    ['lib', 'mcpguard.main'],
  )
  assert.equal(
    contents.files.map(({ name }) => name),
    ['grants/data.yaml', 'lib/lib.rego', 'main/main.rego', 'main/main_test.rego'],
  )
  const built = await run('inspect one.tar.gz --json')
  const { packages } = JSON.parse(built.stdout) as typeof contents
  assert.equal(packages, contents.packages)
  const none = await inProcess(['inspect', 'nowhere'])
  assert.is(none.code, 1)
  assert.match(none.stderr, 'error: there is no policy at nowhere')
})

test.run()
