/** Several paths as one policy: what is in two of them, what stands alone, and what lies above one. */
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readSourceSet } from '../../src/rego/source-set.js'
import { folderOf } from './folder.js'

const rego = { 'a.rego': 'package a' }
const packed = { 'b.tar.gz': Uint8Array.of(0x1f, 0x8b, 8) }

const refused: readonly (readonly [what: string, paths: () => string[], RegExp, hint: string])[] = [
  [
    'one file in two folders',
    () => [folderOf(rego), folderOf(rego)],
    /^a\.rego is in \S+ and in \S+$/,
    'name one of them',
  ],
  [
    'a bundle beside sources',
    () => [join(folderOf(packed), 'b.tar.gz'), folderOf(rego)],
    /b\.tar\.gz is a bundle$/,
    'name a bundle alone',
  ],
  [
    'a folder above a policy with a manifest, and with a file beside it',
    () => [folderOf({ 'policies/.manifest': '{}', 'policies/a.rego': '', 'other.rego': '' })],
    /^the policy is in \S+\/policies$/,
    'name that folder',
  ],
  [
    'a folder that has nothing but a policy below it',
    () => [folderOf({ 'policies/a.rego': '' })],
    /^the policy is in \S+\/policies$/,
    'name that folder',
  ],
]
for (const [what, paths, message, hint] of refused) {
  test(`refused: ${what}`, async () => {
    const read = await readSourceSet(paths())
    const [problem] = read.ok ? [] : read.problems
    assert.match(problem?.message ?? '', message)
    assert.is(problem?.hint, hint)
  })
}

test('a policy that has a folder of that name itself is one', async () => {
  const read = await readSourceSet([folderOf({ '.manifest': '{}', 'policies/.manifest': '{}' })])
  assert.ok(read.ok)
})

test('files of several paths are one policy, each with its place', async () => {
  const [one, two] = [folderOf(rego), folderOf({ 'b.rego': 'package b' })]
  const read = await readSourceSet([join(one, 'a.rego'), two])
  assert.ok(read.ok)
  if (!read.ok) return
  assert.equal(read.set.source, { files: { 'a.rego': 'package a', 'b.rego': 'package b' } })
  assert.is(resolve(read.set.shown('b.rego')), join(two, 'b.rego'))
  assert.is(read.set.isOneFile, false)
})

test.run()
