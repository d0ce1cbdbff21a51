/**
 * What `pin` does: reads the pins there are, asks the server, compares, and writes its part anew.
 * Nothing is written before the server has told everything.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readFileText } from '../config/read-file.js'
import { describeThrown } from '../errors.js'
import { escapeUnprintable } from '../lib/printable.js'
import { parseUrl, readKey, serverIn } from './endpoint.js'
import { digestsOf } from './list-digests.js'
import { readEndpoint } from './live-server.js'
import { reportPins } from './pin-report.js'
import {
  canBePinned,
  comparePins,
  formatPins,
  noPins,
  type Pins,
  parsePins,
  pinnedKinds,
  renewPins,
} from './pins.js'
import { exitCodes, printFailure, printNote, UsageError } from './terminal.js'

export interface PinArguments {
  readonly url: string
  readonly server?: string | undefined
  readonly 'key-file'?: string | undefined
  readonly out: string
  readonly check?: boolean | undefined
  readonly modern?: boolean | undefined
  readonly json?: boolean | undefined
}

const maxFileBytes = 16 * 1024 * 1024
/** Something has no pin, or for `--check`: the server says something else than what is pinned. */
const differs = 2

/** Returns the exit code. */
export async function pin(given: PinArguments): Promise<number> {
  const url = parseUrl(given.url)
  const server = given.server ?? serverIn(url)
  if (!canBePinned(server)) throw new UsageError('--server is no name for a file of pins')
  const keyFile = given['key-file']
  const key = keyFile === undefined ? null : readKey(keyFile)
  const check = given.check === true
  const pins = readPins(given.out, check)
  if (pins === null) return exitCodes.failed

  const live = await readEndpoint({ url, key, modern: given.modern === true }, pinnedKinds)
  if (!live.ok) {
    printFailure(`${given.url}: ${live.problem}`)
    if (live.unauthenticated) {
      printNote(key === null ? 'send a key: --key-file FILE' : 'the key is not accepted')
    }
    return exitCodes.failed
  }
  const before = pins.get(server) ?? noPins
  const { pins: now, unclear } = digestsOf(live.lists)
  const differences = comparePins(before, now)
  const renewed = new Map([...pins, [server, renewPins(before, now)]])
  if (!check && !write(given.out, renewed)) return exitCodes.failed
  const json = given.json === true
  reportPins({ server, file: given.out, check, json, pins: now, differences, unclear })
  if (check && !pins.has(server)) printNote(`nothing is pinned of ${server}; is its name right?`)
  return unclear.length > 0 || (check && differences.length > 0) ? differs : exitCodes.ok
}

/** null: it cannot be read, and that has been said. A file that is not there yet holds no pins. */
function readPins(file: string, mustExist: boolean): Pins | null {
  const read = readFileText(file, maxFileBytes)
  if (!read.ok && read.problem === 'does not exist' && !mustExist) return new Map()
  const parsed = read.ok ? parsePins(read.text) : read
  if (parsed.ok) return parsed.pins
  printFailure(`${file} ${escapeUnprintable(parsed.problem)}`)
  if (parsed.problem === 'does not exist') printNote('pin without --check writes it')
  return null
}

/** A gateway that watches the folder sees the old file or the new one. */
function write(file: string, pins: Pins): boolean {
  const draft = `${file}.${process.pid}.tmp`
  const text = formatPins(pins)
  if (Buffer.byteLength(text) > maxFileBytes) {
    printFailure(`${file} is not written: it would be larger than ${maxFileBytes} bytes`)
    return false
  }
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(draft, text, { flag: 'wx' })
    renameSync(draft, file)
    return true
  } catch (thrown) {
    printFailure(`${file} cannot be written: ${describeThrown(thrown)}`)
    return false
  }
}
