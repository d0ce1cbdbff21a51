/**
 * The pages of checks and lints hold their own tests: examples below "Flagged" and "Not flagged", each
 * one or several fences behind a line of text. A line that ends in `# flagged` is where the finding is;
 * a line `# file: a/b.rego` (in YAML: `# a/data.yaml`) begins a file.
 */
import { readdirSync, readFileSync } from 'node:fs'
import type { OfferedNames } from '../../src/rego/lint.js'

export interface PageExample {
  readonly name: string
  readonly flagged: boolean
  readonly files: Readonly<Record<string, string>>
  /** `file:row` of every line that is flagged, sorted. */
  readonly marks: readonly string[]
}

interface Page {
  readonly id: string
  readonly examples: readonly PageExample[]
  readonly offered: Readonly<Record<string, OfferedNames>> | null
}

export function readPages(folder: string): Page[] {
  return readdirSync(folder)
    .filter((name) => name !== 'compile-errors.md')
    .sort()
    .map((name) =>
      readPage(name.slice(0, -'.md'.length), readFileSync(`${folder}/${name}`, 'utf8')),
    )
}

function readPage(id: string, text: string): Page {
  const offered = /```json\n([\s\S]*?)\n```/.exec(text)?.[1]
  const examples = text
    .split('\n## ')
    .filter((section) => /^(Not flagged|Flagged)\n/.test(section))
    .flatMap((section) => examplesOf(section.startsWith('Flagged'), section))
  return { id, examples, offered: offered === undefined ? null : JSON.parse(offered) }
}

function examplesOf(flagged: boolean, section: string): PageExample[] {
  const found: { name: string; files: Record<string, string> }[] = []
  const fences = /([^`]*(?:`[^`\n]+`[^`]*)*)```(\w+)\n([\s\S]*?)\n```/g
  for (const [, before = '', language = '', body = ''] of section.matchAll(fences)) {
    const name = before.replace(/^.*lagged\n/, '').trim()
    if (name !== '') found.push({ name, files: {} })
    Object.assign(found.at(-1)?.files ?? {}, filesOf(language, body))
  }
  return found.map(({ name, files }) => ({ name, flagged, files, marks: marksOf(files) }))
}

function filesOf(language: string, body: string): Record<string, string> {
  if (language === 'yaml') {
    const file = /^# (\S+\.yaml)\n/.exec(body)?.[1] ?? ''
    return { [file]: `${body}\n` }
  }
  const files: Record<string, string> = {}
  for (const part of body.split(/^(?=# file: )/m)) {
    const [, named, text = part] = /^# file: (\S+)\n([\s\S]*)$/.exec(part) ?? []
    const folder = (/^package (\S+)$/m.exec(text)?.[1] ?? '').replaceAll('.', '/')
    files[named ?? `${folder}/${folder.split('/').at(-1)}.rego`] = `${text}\n`
  }
  return files
}

function marksOf(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files)
    .flatMap(([file, text]) =>
      text.split('\n').map((line, i) => (line.endsWith('# flagged') ? `${file}:${i + 1}` : '')),
    )
    .filter((mark) => mark !== '')
    .sort()
}
