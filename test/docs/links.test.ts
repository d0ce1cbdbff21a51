/**
 * Where the program sends its readers: every place in the documents that a help text, a finding or
 * a generated file names is there, and every command for authors names its own.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packageFile } from '../../src/lib/package-root.js'
import { cli } from '../cli/support.js'

const read = (path: string): string => readFileSync(packageFile(path), 'utf8')

/** As GitHub makes the anchor of a heading. */
const anchors = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

const speaking = ['src', 'templates', 'compiler/ops'].flatMap((folder) =>
  readdirSync(packageFile(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|go|md|ya?ml)$/.test(name))
    .map((name) => join(folder, name)),
)

test('documents that the source and the templates name are there, with their headings', () => {
  let count = 0
  for (const file of speaking) {
    for (const [link, page = '', anchor] of read(file).matchAll(
      /\b(docs\/[\w/-]+\.md)(?:#([\w-]+))?/g,
    )) {
      count += 1
      assert.ok(existsSync(packageFile(page)), `${file}: ${link}`)
      if (anchor !== undefined) assert.ok(anchors(page).includes(anchor), `${file}: ${link}`)
    }
  }
  assert.ok(count > 5)
})

test('what ships with the package has the documents and the templates', () => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] }
  for (const name of ['docs', 'templates', 'policies', 'schemas']) assert.ok(files.includes(name))
})

const [, section = ''] = read('docs/policy.md').split('\n## Commands for authors\n')
const commands = [...(section.split('\n## ')[0] ?? '').matchAll(/^### ([a-z-]+)$/gm)]
assert.ok(commands.length > 8)
for (const [, command = ''] of commands) {
  test(`mcp-guard ${command} --help says where more is`, async () => {
    const { code, stdout } = await cli([command, '--help'])
    assert.is(code, 0)
    assert.match(stdout, `docs/policy.md#${command}`)
  })
}

test.run()
