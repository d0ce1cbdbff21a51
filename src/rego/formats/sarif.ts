/**
 * Annotations as SARIF 2.1.0, as code scanning reads it: one run, a rule for each kind of finding,
 * places as percent-encoded URIs relative to the root of the source.
 */
import type { JsonObject } from '../../domain.js'
import type { Annotation } from './annotations.js'
import { toJson } from './text.js'

const schema = 'https://json.schemastore.org/sarif-2.1.0.json'
const root = '%SRCROOT%'

export function formatSarif(annotations: readonly Annotation[], version: string): string {
  const rules = new Map<string, Annotation>()
  for (const one of annotations) if (!rules.has(one.rule)) rules.set(one.rule, one)
  const ids = [...rules.keys()]
  const log = {
    $schema: schema,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'mcp-guard',
            semanticVersion: version,
            rules: [...rules.values()].map(rule),
          },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { [root]: { description: { text: 'The root of the source.' } } },
        results: annotations.map((one) => result(one, ids.indexOf(one.rule))),
      },
    ],
  }
  return `${toJson(log, 2)}\n`
}

function rule({ rule: id, help, level }: Annotation): JsonObject {
  const text = { text: help }
  return { id, shortDescription: text, help: text, defaultConfiguration: { level } }
}

function result(annotation: Annotation, ruleIndex: number): JsonObject {
  const { rule: ruleId, level, title, message, details } = annotation
  const named = title === ruleId ? message : `${title}: ${message}`
  return {
    ruleId,
    ruleIndex,
    level,
    message: { text: [named, ...details].join('\n') },
    ...location(annotation),
  }
}

function location({ file, row, col }: Annotation): JsonObject {
  if (file === null) return {}
  const region = row === null ? {} : { region: { startLine: row, ...startColumn(col) } }
  const artifactLocation = { uri: uri(file), uriBaseId: root }
  return { locations: [{ physicalLocation: { artifactLocation, ...region } }] }
}

function startColumn(col: number | null): JsonObject {
  return col === null || col < 1 ? {} : { startColumn: col }
}

/** Each part encoded: a name can hold whatever a file system lets it. */
function uri(file: string): string {
  const parts = file.toWellFormed().split('/')
  return parts.map((part) => encodeURIComponent(part)).join('/')
}
