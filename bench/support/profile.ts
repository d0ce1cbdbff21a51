/**
 * Where the gateway's own time went: self time in a V8 CPU profile, inside one window of the
 * monotonic clock, by function and by room. A room is a folder of src, a package, or a part of the
 * platform; time in which the process waited is not counted.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { table } from './table.js'

const shownCosts = 20

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: Frame
    readonly children?: readonly number[]
  }[]
  /** Microseconds on the monotonic clock. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** Shares of the time in which the process was not waiting. */
export interface Cost {
  readonly name: string
  readonly self: number
  /** With everything it called. */
  readonly total: number
}

export interface ProfileReport {
  readonly rooms: readonly Cost[]
  readonly functions: readonly Cost[]
}

export function profileTables({ rooms, functions }: ProfileReport): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  const part = (title: string, costs: readonly Cost[], by: 'self' | 'total') =>
    table(
      [title, 'self', 'total'],
      [...costs]
        .sort((a, b) => b[by] - a[by])
        .slice(0, shownCosts)
        .map(({ name, self, total }) => [name, percent(self), percent(total)]),
    )
  const own = functions.filter(({ name }) => name.includes('src/'))
  return [
    part('room, by self time', rooms, 'self'),
    part('function, by self time', functions, 'self'),
    part("the gateway's own function, by total time", own, 'total'),
  ].join('\n\n')
}

/** The main thread's profile of a process that ended after `--cpu-prof --cpu-prof-dir=FOLDER`. */
export async function readProfile(
  folder: string,
  startUs: number,
  endUs: number,
): Promise<ProfileReport> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'))
  const [name] = names
  if (name === undefined || names.length > 1) throw new Error(`${names.length} profiles`)
  const profile: CpuProfile = JSON.parse(await readFile(join(folder, name), 'utf8'))
  return summarise(profile, startUs, endUs)
}

function summarise(profile: CpuProfile, startUs: number, endUs: number): ProfileReport {
  const selfUs = selfTimes(profile, startUs, endUs)
  const parents = new Map<number, number>()
  for (const { id, children = [] } of profile.nodes) {
    for (const child of children) parents.set(child, id)
  }
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const rooms = new Sums()
  const functions = new Sums()
  for (const [leaf, spentUs] of selfUs) {
    const onStack = new Set<Frame>()
    for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
      const frame = frames.get(id)
      if (frame !== undefined && frame.functionName !== '(root)') onStack.add(frame)
    }
    const stack = [...onStack]
    rooms.add(stack.map(roomOf), spentUs)
    functions.add(stack.map(nameOf), spentUs)
  }
  return { rooms: rooms.costs(), functions: functions.costs() }
}

/** Microseconds inside the window in which a node was the innermost one, by the node's id. */
function selfTimes(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  startUs: number,
  endUs: number,
): Map<number, number> {
  const idle = nodes.find(({ callFrame }) => callFrame.functionName === '(idle)')?.id
  const selfUs = new Map<number, number>()
  let atUs = startTime
  for (const [index, id] of samples.entries()) {
    atUs += timeDeltas[index] ?? 0
    // A sample stands for the time until the next one.
    const spentUs = timeDeltas[index + 1] ?? 0
    if (id === idle || atUs < startUs || atUs > endUs) continue
    selfUs.set(id, (selfUs.get(id) ?? 0) + spentUs)
  }
  if (selfUs.size === 0) throw new Error('the profile has no sample in the window')
  return selfUs
}

/** Time by name: of the innermost name alone, and of each name that is on the stack. */
class Sums {
  readonly #self = new Map<string, number>()
  readonly #total = new Map<string, number>()
  #all = 0

  /** `names`: of one stack, the innermost first. */
  add(names: readonly string[], spent: number): void {
    const [innermost = ''] = names
    this.#self.set(innermost, (this.#self.get(innermost) ?? 0) + spent)
    for (const name of new Set(names)) this.#total.set(name, (this.#total.get(name) ?? 0) + spent)
    this.#all += spent
  }

  /** The largest self time first. */
  costs(): Cost[] {
    const costs = [...this.#total].map(([name, total]) => ({
      name,
      self: (this.#self.get(name) ?? 0) / this.#all,
      total: total / this.#all,
    }))
    return costs.sort((a, b) => b.self - a.self)
  }
}

function nameOf(frame: Frame): string {
  const file = /\/dist\/(src\/.*)\.js$/.exec(frame.url)?.[1]
  return `${frame.functionName || '(anonymous)'} - ${file ?? roomOf(frame)}`
}

function roomOf({ url, functionName }: Frame): string {
  const own = /\/dist\/src\/([^/]+?)(?:\.js|\/)/.exec(url)?.[1]
  if (own !== undefined) return own
  const packageName = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1]
  if (packageName !== undefined) return packageName
  if (url.startsWith('wasm:')) return 'policy.wasm'
  if (url.startsWith('node:')) return 'node'
  // Frames without a place: native functions, most of them system calls of sockets and files.
  return functionName === '(garbage collector)' ? 'garbage collection' : 'native'
}
