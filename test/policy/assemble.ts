/**
 * A WebAssembly module from numbers, for shapes that no compiler at hand makes. The encoders are
 * this file's own, so that reading and writing are not checked against themselves.
 */

export interface Body {
  /** Index of its type. */
  readonly type: number
  /** Groups of declared locals. */
  readonly locals?: readonly (readonly [count: number, type: number])[]
  /** Instructions without the last `end`. */
  readonly code: readonly number[]
}

export interface Parts {
  readonly types: readonly (readonly [parameters: number[], results: number[]])[]
  readonly bodies: readonly Body[]
  /** Whole sections by identifier, instead of or besides the usual ones. */
  readonly sections?: Readonly<Record<number, readonly number[] | null>>
}

export const i32 = 0x7f
export const i64 = 0x7e
export const f32 = 0x7d
export const f64 = 0x7c
export const empty = 0x40

/** i32.const 65536 as the first value of a mutable global: what OPA's stack pointer looks like. */
export const stackPointer = [i32, 1, 0x41, 0x80, 0x80, 0x04, 0x0b]

export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

export function signed(value: number): number[] {
  const rest = value >> 7
  const low = value & 0x7f
  if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) return [low]
  return [low | 0x80, ...signed(rest)]
}

export function list(entries: readonly (readonly number[])[]): number[] {
  return [...unsigned(entries.length), ...entries.flat()]
}

export function bytesOf(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes]
}

export function text(value: string): number[] {
  return bytesOf([...Buffer.from(value)])
}

export function exported(name: string, kind: number, index: number): number[] {
  return [...text(name), kind, ...unsigned(index)]
}

/** Its last function is exported as `run`, its memory of one page as `memory`. */
export function assemble({ types, bodies, sections = {} }: Parts): Uint8Array<ArrayBuffer> {
  const own: Record<number, readonly number[] | null> = {
    1: list(types.map(([from, to]) => [0x60, ...bytesOf(from), ...bytesOf(to)])),
    3: list(bodies.map(({ type }) => unsigned(type))),
    5: list([[0, 1]]),
    6: list([stackPointer]),
    7: list([exported('run', 0, bodies.length - 1), exported('memory', 2, 0)]),
    10: list(bodies.map(({ locals = [], code }) => bytesOf([...declared(locals), ...code, 0x0b]))),
    ...sections,
  }
  const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11, 0]
  const whole = order.flatMap((id) => {
    const content = own[id]
    return content === undefined || content === null ? [] : [id, ...bytesOf(content)]
  })
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...whole])
}

function declared(locals: readonly (readonly [number, number])[]): number[] {
  return list(locals.map(([count, type]) => [...unsigned(count), type]))
}
