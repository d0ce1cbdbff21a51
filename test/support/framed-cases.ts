/**
 * Streams of messages as servers frame them, well or not, in the style of the Web Platform Tests for
 * server-sent events: line ends, marks, fields, comments, data over several lines, ends that are
 * missing; and lines of standard output. Each with the messages that the framing means.
 */
import type { JsonObject } from '../../src/domain.js'
import type { Random } from './random.js'

export interface FramedCase {
  readonly chunks: readonly Buffer[]
  readonly classes: readonly string[]
  /** What every reader of the standard reads, in order; null: readers may differ. */
  readonly meant: readonly JsonObject[] | null
}

interface Writing {
  readonly random: Random
  readonly names: readonly string[]
  readonly classes: Set<string>
  note(name: string): void
}

/** A unit of the framing: its bytes, and after how many of them it is complete. */
interface Unit {
  readonly bytes: Buffer
  readonly completeAt: number
  readonly meant: JsonObject | null
}

const hiddenText =
  '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"hidden-tool"}],"resources":[{"uri":"hidden"}]}}'
const odd = 'é€😀\u2028\u2029\u0085\u0000\ufeff\\"data: x\r\n\r\n'

// ── Messages ────────────────────────────────────────────────────────────────────────────────────

const messages: Readonly<Record<string, (writing: Writing) => JsonObject>> = {
  list: (writing) => listOf(1, writing),
  'list of another id': (writing) => listOf(9, writing),
  'list of an id as text': (writing) => listOf('1', writing),
  result: () => ({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: odd }] } }),
  notification: ({ random }) => ({
    jsonrpc: '2.0',
    method: 'notifications/message',
    params: { level: 'info', data: `${odd}${random.below(1000)}` },
  }),
  request: ({ random }) => ({ jsonrpc: '2.0', id: `ask-${random.below(1000)}`, method: 'ping' }),
}

function listOf(id: number | string, { random, names }: Writing): JsonObject {
  const [list, member] = random.pick([
    ['tools', 'name'],
    ['prompts', 'name'],
    ['resources', 'uri'],
    ['resourceTemplates', 'uriTemplate'],
  ] as const)
  const shown = names.filter(() => random.chance(0.4))
  const items = shown.map((name) => ({ [member]: name, description: random.pick(['', odd]) }))
  return { jsonrpc: '2.0', id, result: { [list]: items } }
}

function drawMessage(writing: Writing): JsonObject {
  const kind = writing.random.pick(Object.keys(messages))
  writing.note(`message: ${kind}`)
  return messages[kind]?.(writing) ?? {}
}

// ── Server-sent events ──────────────────────────────────────────────────────────────────────────

type Data = (json: string, message: JsonObject, random: Random) => readonly string[]

/** Ways to write one message's data; the second of each pair: it is still that message. */
const layouts: Readonly<Record<string, readonly [Data, 'meant' | 'nothing' | 'doubtful']>> = {
  'one line': [(json) => [`data: ${json}`], 'meant'],
  'no space': [(json) => [`data:${json}`], 'meant'],
  'three spaces': [(json) => [`data:   ${json}`], 'meant'],
  'a line each member': [
    (_, message) =>
      JSON.stringify(message, null, 1)
        .split('\n')
        .map((line) => `data: ${line}`),
    'meant',
  ],
  'empty lines between': [
    (_, message) =>
      JSON.stringify(message, null, 1)
        .split('\n')
        .flatMap((line) => ['data', `data:${line}`, 'data:']),
    'meant',
  ],
  'cut anywhere': [
    (json, _, random) => {
      const at = random.below(json.length)
      return [`data: ${json.slice(0, at)}`, `data: ${json.slice(at)}`]
    },
    'doubtful',
  ],
  'two messages': [(json) => [`data: ${json}`, `data: ${hiddenText}`], 'nothing'],
  'a batch': [(json) => [`data: [${json},${hiddenText}]`], 'nothing'],
  'NUL behind': [(json) => [`data: ${json}\0`], 'nothing'],
  'NUL before': [(json) => [`data: \0${json}`], 'nothing'],
  'a mark before': [(json) => [`data: \ufeff${json}`], 'nothing'],
  'no data': [() => ['id: 5', 'retry: 3'], 'nothing'],
  'empty data': [() => ['id: 6', 'data:'], 'nothing'],
}

/** Lines beside the data that say nothing about it. */
const neutral: Readonly<Record<string, (random: Random) => string | Buffer>> = {
  comment: () => ': still here',
  'comment like data': () => `:data: ${hiddenText}`,
  'empty comment': () => ':',
  'comment with bad bytes': () => Buffer.from('3aff00c328', 'hex'),
  'long comment': () => `:${'x'.repeat(9000)}`,
  id: (random) => `id: ${random.below(100)}`,
  'id with NUL': () => 'id: a\0b',
  'id without value': () => 'id',
  'id of odd characters': () => 'id:é😀',
  'long id': () => `id: ${'i'.repeat(9000)}`,
  retry: () => 'retry: 10',
  'retry in words': (random) => random.pick(['retry: soon', 'retry: -1', 'retry: 1.5', 'retry']),
  'event message': () => 'event: message',
  'event without value': () => 'event:',
  'unknown field': () => `foo: ${hiddenText}`,
  'field in odd case': (random) =>
    `${random.pick(['Data', 'DATA', 'dAta', 'Event', 'ID'])}: ${hiddenText}`,
  'field like data': (random) =>
    `${random.pick([' data', 'data ', '\0data', 'ｄata', 'dat', 'datax', 'data\ufeff', '\tdata'])}: ${hiddenText}`,
}

/** Lines after which readers need not agree that it is a message. */
const doubtful: Readonly<Record<string, string>> = {
  'event other': 'event: other',
  'event endpoint': 'event: endpoint',
  'event MESSAGE': 'event: MESSAGE',
  'event with NUL': 'event: message\0',
}

export function drawEvents(random: Random, names: readonly string[]): FramedCase {
  const writing = writingOf(random, names)
  const ends = random.pick(['lf', 'crlf', 'cr', 'mixed'])
  writing.note(`line ends: ${ends}`)
  const units: Unit[] = []
  let agreed = true
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const { lines, isMeant } = drawEvent(writing)
    if (isMeant === null) agreed = false
    units.push(writeEvent(lines, ends, isMeant ?? null, random))
  }
  const marks = random.chance(0.2) ? (random.chance(0.8) ? 1 : 2) : 0
  writing.note(`marks: ${marks}`)
  // A second mark is part of the first line, which is then none of the standard's.
  const lead = Buffer.from('\ufeff'.repeat(marks))
  return finish(writing, lead, units, agreed && marks < 2)
}

/** `isMeant`: the message, undefined: none, null: readers may differ. */
function drawEvent(writing: Writing): {
  lines: Buffer[]
  isMeant: JsonObject | undefined | null
} {
  const { random, note } = writing
  const message = drawMessage(writing)
  const layout = random.chance(0.5) ? 'one line' : random.pick(Object.keys(layouts))
  note(`data: ${layout}`)
  const [write, outcome] = layouts[layout] ?? [() => [], 'nothing']
  const lines: (string | Buffer)[] = [...write(JSON.stringify(message), message, random)]
  let isMeant = outcome === 'meant' ? message : outcome === 'nothing' ? undefined : (null as null)
  for (let count = random.below(4); count > 0; count -= 1) {
    const kind = random.pick(Object.keys(neutral))
    note(`beside: ${kind}`)
    lines.splice(random.below(lines.length + 1), 0, neutral[kind]?.(random) ?? '')
  }
  if (random.chance(0.08)) {
    const kind = random.pick(Object.keys(doubtful))
    note(`beside: ${kind}`)
    lines.push(doubtful[kind] ?? '')
    isMeant = null
  }
  return { lines: lines.map((line) => Buffer.from(line)), isMeant }
}

function writeEvent(
  lines: readonly Buffer[],
  ends: string,
  meant: JsonObject | null,
  random: Random,
): Unit {
  const pieces: Buffer[] = []
  let length = 0
  let last = ''
  const put = (text: Buffer) => {
    let end = ends === 'lf' ? '\n' : ends === 'crlf' ? '\r\n' : '\r'
    if (ends === 'mixed') end = random.pick(['\n', '\r', '\r\n'])
    // CR and then LF are one end, not two.
    if (text.length === 0 && last === '\r' && end === '\n') end = '\r\n'
    last = end
    const piece = Buffer.concat([text, Buffer.from(end)])
    pieces.push(piece)
    length += piece.length
    return length - end.length + 1
  }
  for (const line of lines) put(line)
  const completeAt = put(Buffer.alloc(0))
  return { bytes: Buffer.concat(pieces), completeAt, meant }
}

// ── Lines ───────────────────────────────────────────────────────────────────────────────────────

type Line = (json: string, random: Random) => string | Buffer

const lineForms: Readonly<Record<string, readonly [Line, 'meant' | 'nothing']>> = {
  plain: [(json) => json, 'meant'],
  'CR before the end': [(json) => `${json}\r`, 'meant'],
  'white space around': [(json) => ` \t${json}  \r`, 'meant'],
  blank: [(_, random) => random.pick(['', '\r', ' ', '\t\r']), 'nothing'],
  noise: [(_, random) => random.pick(['hello', '[1]', '"text"', '1', 'null', 'true']), 'nothing'],
  'like an event': [(json) => `data: ${json}`, 'nothing'],
  'a mark before': [(json) => `\ufeff${json}`, 'nothing'],
  'two messages': [(json) => `${json}${hiddenText}`, 'nothing'],
  'two messages, CR between': [(json) => `${json}\r${hiddenText}`, 'nothing'],
  'a batch': [(json) => `[${json},${hiddenText}]`, 'nothing'],
  'NUL before': [(json) => `\0${json}`, 'nothing'],
  'NUL behind': [(json) => `${json}\0`, 'nothing'],
  'bad bytes before': [
    (json) => Buffer.concat([Buffer.from('ff', 'hex'), Buffer.from(json)]),
    'nothing',
  ],
  'cut off': [(json, random) => json.slice(0, random.below(json.length - 1)), 'nothing'],
}

export function drawLines(random: Random, names: readonly string[]): FramedCase {
  const writing = writingOf(random, names)
  const units: Unit[] = []
  for (let count = 1 + random.below(5); count > 0; count -= 1) {
    const message = drawMessage(writing)
    const form = random.chance(0.5) ? 'plain' : random.pick(Object.keys(lineForms))
    writing.note(`line: ${form}`)
    const [write, outcome] = lineForms[form] ?? [() => '', 'nothing']
    const text = Buffer.from(write(JSON.stringify(message), random))
    const bytes = Buffer.concat([text, Buffer.from('\n')])
    units.push({ bytes, completeAt: bytes.length, meant: outcome === 'meant' ? message : null })
  }
  return finish(writing, Buffer.alloc(0), units, true)
}

// ── Both ────────────────────────────────────────────────────────────────────────────────────────

function writingOf(random: Random, names: readonly string[]): Writing {
  const classes = new Set<string>()
  return { random, names, classes, note: (name) => classes.add(name) }
}

function finish(
  { random, classes, note }: Writing,
  lead: Buffer,
  units: readonly Unit[],
  agreed: boolean,
): FramedCase {
  const whole = Buffer.concat([lead, ...units.map(({ bytes }) => bytes)])
  const isCut = random.chance(0.15)
  note(isCut ? 'end: cut off' : 'end: whole')
  const bytes = isCut ? whole.subarray(0, random.below(whole.length + 1)) : whole
  const meant: JsonObject[] = []
  let from = lead.length
  for (const unit of units) {
    if (unit.meant !== null && bytes.length >= from + unit.completeAt) meant.push(unit.meant)
    from += unit.bytes.length
  }
  return { chunks: cut(bytes, random, note), classes: [...classes], meant: agreed ? meant : null }
}

function cut(bytes: Buffer, random: Random, note: (name: string) => void): Buffer[] {
  const ways = bytes.length > 3000 ? ['one', 'random'] : ['one', 'random', 'bytes', 'characters']
  const way = random.pick(ways)
  note(`chunks: ${way}`)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at)
    const size = way === 'one' ? rest.length : sizeOf(way, rest, random)
    chunks.push(rest.subarray(0, size))
    at += size
  }
  return chunks
}

/** `characters`: inside each character of several bytes, and between CR and LF. */
function sizeOf(way: string, rest: Buffer, random: Random): number {
  if (way === 'bytes') return 1
  if (way === 'random') return 1 + random.below(rest.length > 3000 ? 2000 : 60)
  const at = rest.findIndex((byte, index) => index > 0 && (byte >= 0x80 || byte === 0x0a))
  return at < 0 ? rest.length : at
}
