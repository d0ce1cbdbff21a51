/**
 * Small changes to a Rego file that a test should notice: an expression or rule removed, a condition
 * negated, a comparison turned or shifted by one, a constant changed. Works on the formatted text,
 * line by line; what does not compile afterwards is sorted out by whoever runs it.
 */
export interface Mutant {
  readonly file: string
  readonly row: number
  /** What was done, e.g. `removed: x > 3`. */
  readonly change: string
  readonly text: string
}

const turned: Readonly<Record<string, readonly string[]>> = {
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
}

export function mutantsOf(file: string, text: string): Mutant[] {
  const lines = text.split('\n')
  const replaced = (row: number, by: readonly string[], count = 1): string =>
    [...lines.slice(0, row), ...by, ...lines.slice(row + count)].join('\n')
  return lines.flatMap((line, row) => {
    if (/^\s*(#|$)|^(package|import) /.test(line)) return []
    const changes = [
      ...withoutRule(lines, row),
      ...withoutExpression(line),
      ...negated(line),
      ...exchanged(line),
    ]
    return changes.map(({ change, by, count }) => ({
      file,
      row: row + 1,
      change,
      text: replaced(row, by, count),
    }))
  })
}

interface Change {
  readonly change: string
  readonly by: readonly string[]
  readonly count?: number
}

function withoutRule(lines: readonly string[], row: number): Change[] {
  const line = lines[row] ?? ''
  if (!/^[a-z_]/.test(line)) return []
  const rest = lines.slice(row)
  const end = rest.findIndex((one, index) => index > 0 && /^$|^[a-z_#]/.test(one))
  const count = end < 0 ? rest.length : end
  return [{ change: `removed the rule: ${line}`, by: [], count }]
}

/** An expression that stands alone on its line; a declaration says nothing. */
function isExpression(line: string): boolean {
  if (/^\t+some \w+$/.test(line)) return false
  return /^\t+[^\t}\])]/.test(line) && !/[{[(,|]$/.test(line) && !/^\t+"[^"]*":/.test(line)
}

function withoutExpression(line: string): Change[] {
  return isExpression(line) ? [{ change: `removed: ${line.trim()}`, by: [] }] : []
}

function negated(line: string): Change[] {
  const [, before = '', body = ''] = /^((?:.* if |\t+))([^{]+)$/.exec(line) ?? []
  const alone = isExpression(line) || / if [^{]+$/.test(line)
  if (!alone || body === '' || /^(some|every) |:=/.test(body)) return []
  const other = body.startsWith('not ') ? body.slice(4) : `not ${body}`
  return [{ change: `negated: ${body}`, by: [before + other] }]
}

/** Operators and constants outside of strings, and whole strings. */
function exchanged(line: string): Change[] {
  const tokens = /"(?:[^"\\]|\\.)*"| (?:[=!<>]=|[<>]) |\b\d+\b|\b(?:true|false)\b|#.*$/g
  return [...line.matchAll(tokens)].flatMap(({ 0: token, index }) =>
    others(token).map((other) => ({
      change: `${token.trim()} became ${other.trim()}: ${line.trim()}`,
      by: [line.slice(0, index) + other + line.slice(index + token.length)],
    })),
  )
}

function others(token: string): string[] {
  if (token.startsWith('#')) return []
  if (token.startsWith('"')) return [`${token.slice(0, -1)}~"`]
  if (/^\d/.test(token)) return [String(Number(token) + 1), String(Number(token) - 1)]
  if (token === 'true' || token === 'false') return [token === 'true' ? 'false' : 'true']
  return (turned[token.trim()] ?? []).map((operator) => ` ${operator} `)
}
