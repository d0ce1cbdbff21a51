/**
 * Where in a policy's files a value of its data stands. The folder of a data file is the beginning of
 * the value's pointer; the rest leads to a line of the file.
 */
import { parseYaml } from '../config/yaml.js'

export interface DataPlace {
  readonly file: string
  readonly row: number | null
}

const dataFiles = ['data.yaml', 'data.yml', 'data.json']

/** `files`: texts by path in the policy. null: no file brings the value. */
export function createDataPlaces(
  files: Readonly<Record<string, string>>,
): (pointer: string) => DataPlace | null {
  const linesOf = new Map<string, ReadonlyMap<string, number>>()
  function lines(file: string): ReadonlyMap<string, number> {
    const known = linesOf.get(file)
    if (known !== undefined) return known
    const read = parseYaml(files[file] ?? '', { nulls: true }).lines
    linesOf.set(file, read)
    return read
  }
  return function placeOf(pointer) {
    const parts = pointer.split('/').slice(1)
    for (let length = parts.length; length >= 0; length -= 1) {
      const folder = parts.slice(0, length).map(unescapePart).join('/')
      const file = dataFiles
        .map((name) => (folder === '' ? name : `${folder}/${name}`))
        .find((name) => Object.hasOwn(files, name))
      if (file !== undefined) return { file, row: nearest(lines(file), parts.slice(length)) }
    }
    return null
  }
}

/** The line of the value, else that of what holds it. */
function nearest(lines: ReadonlyMap<string, number>, parts: readonly string[]): number | null {
  for (let length = parts.length; length > 0; length -= 1) {
    const row = lines.get(`/${parts.slice(0, length).join('/')}`)
    if (row !== undefined) return row
  }
  return null
}

function unescapePart(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
