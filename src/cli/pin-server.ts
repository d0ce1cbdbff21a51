/**
 * What `pin` does: reads the pins there are, asks the server, compares, and writes its part anew.
 * Nothing is written before the server has told everything.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readFileText } from '../config/read-file.js'
import { describeThrown } from '../errors.js'
import { describeNetworkFailure, parseUrl, readKey } from './endpoint.js'
import { type ListDigests, readDigests } from './list-digests.js'
import { createMcpClient } from './mcp-client.js'
import { reportPins } from './pin-report.js'
import { comparePins, formatPins, noPins, type Pins, parsePins } from './pins.js'
import { exitCodes, printFailure, UsageError } from './terminal.js'
import { readVersion } from './version.js'

export interface PinArguments {
  readonly url: string
  readonly server?: string | undefined
  readonly 'key-file'?: string | undefined
  readonly out: string
  readonly check?: boolean | undefined
  readonly modern?: boolean | undefined
  readonly json?: boolean | undefined
}

const timeoutMs = 30_000
const maxFileBytes = 16 * 1024 * 1024
/** Of `--check`: the server says something else than what is pinned. */
const differs = 2

/** Returns the exit code. */
export async function pin(given: PinArguments): Promise<number> {
  const url = parseUrl(given.url)
  const server = given.server ?? nameIn(url)
  const keyFile = given['key-file']
  const key = keyFile === undefined ? null : readKey(keyFile)
  const check = given.check === true
  const pins = readPins(given.out, check)
  if (pins === null) return exitCodes.failed

  const live = await readLive(url, key, given.modern === true)
  if (!live.ok) {
    printFailure(`${given.url}: ${live.problem}`)
    return exitCodes.failed
  }
  const before = pins.get(server)
  const differences = comparePins(before ?? noPins, live.pins)
  if (!check && !write(given.out, new Map([...pins, [server, live.pins]]))) return exitCodes.failed
  const { unclear } = live
  const json = given.json === true
  reportPins({ server, file: given.out, check, json, pins: live.pins, differences, unclear })
  return check && differences.length > 0 ? differs : exitCodes.ok
}

function nameIn(url: string): string {
  const [, name] = /\/mcp\/([A-Za-z0-9._-]{1,64})$/.exec(new URL(url).pathname) ?? []
  if (name !== undefined) return name
  throw new UsageError('say which server of the configuration this is: --server NAME')
}

/** null: it cannot be read, and that has been said. A file that is not there yet holds no pins. */
function readPins(file: string, mustExist: boolean): Pins | null {
  const read = readFileText(file, maxFileBytes)
  if (!read.ok && read.problem === 'does not exist' && !mustExist) return new Map()
  const parsed = read.ok ? parsePins(read.text) : read
  if (parsed.ok) return parsed.pins
  printFailure(`${file} ${parsed.problem}`)
  return null
}

async function readLive(url: string, key: string | null, modern: boolean): Promise<ListDigests> {
  const client = createMcpClient({ url, key, modern, version: readVersion(), timeoutMs })
  try {
    const refused = await client.connect()
    if (refused?.kind === 'error') {
      return { ok: false, problem: `${refused.message} (HTTP ${refused.status})` }
    }
    const read = await readDigests(client)
    await client.close()
    return read
  } catch (thrown) {
    return { ok: false, problem: describeNetworkFailure(thrown, { who: 'the server', timeoutMs }) }
  }
}

/** A gateway that watches the folder sees the old file or the new one. */
function write(file: string, pins: Pins): boolean {
  const draft = `${file}.${process.pid}.tmp`
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(draft, formatPins(pins), { flag: 'wx' })
    renameSync(draft, file)
    return true
  } catch (thrown) {
    printFailure(`${file} cannot be written: ${describeThrown(thrown)}`)
    return false
  }
}
