/**
 * One instance of a policy module with its data. One evaluation at a time. Before each the module's
 * own variables are put back to what they were after loading, so an answer and its cost depend on
 * the input alone: neither an evaluation that was broken off nor one that left something behind
 * (RE2 keeps addresses of memory that is given away) can be noticed by the next.
 */
import { startEvaluation } from './builtins/bounds.js'
import { hostBuiltins } from './builtins/index.js'
import type { HostBuiltin } from './builtins/value.js'
import type { PolicyImage } from './image.js'
import { decode, endOf, type Linked, link } from './link.js'

export interface PolicyInstance {
  /**
   * The JSON text of the result; null: it is undefined. Throws for everything else, an answer over
   * `maxBytes` included; then `recover` has to be called before the next.
   */
  evaluate(entryPoint: number, input: string, maxBytes: number, budget: number): string | null
  /** Units of the last evaluation's budget that are left. */
  remaining(): number
  /** Makes it usable again after a throw, unless the module did what it never should. */
  recover(): void
}

const sliceBytes = 8_388_608
/** OPA writes the result set `[]` or `[{"result":…}]`. */
const resultStart = new TextEncoder().encode('[{"result":')
const resultEnd = '}]'.length
const emptySetBytes = '[]'.length
const alignment = 16

/** Throws whatever the engine throws. */
export function createInstance(image: PolicyImage, functions = hostBuiltins): PolicyInstance {
  const linked = open(image, functions)
  linked.bytes.set(image.heap, image.heapBase)
  return ready(image, linked)
}

/** The same without holding the event loop for long, however large the data. */
export async function createInstanceInSlices(image: PolicyImage): Promise<PolicyInstance> {
  const linked = open(image, hostBuiltins)
  const { heap, heapBase } = image
  for (let from = 0; from < heap.length; from += sliceBytes) {
    linked.bytes.set(heap.subarray(from, from + sliceBytes), heapBase + from)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return ready(image, linked)
}

function open(
  { module, pages, builtins, heapBase }: PolicyImage,
  functions: ReadonlyMap<string, HostBuiltin>,
): Linked {
  const linked = link(
    module,
    pages,
    builtins.map((name) => functions.get(name)),
  )
  // The same module: it starts with the same layout everywhere.
  if (linked.exports.opa_heap_ptr_get() >>> 0 !== heapBase) {
    throw new Error('the module starts differently each time')
  }
  return linked
}

function ready(image: PolicyImage, linked: Linked): PolicyInstance {
  const { bytes, text, budget: budgetCell, stackPointer } = linked
  const { opa_eval: evaluateExport } = linked.exports
  const { dataAddress } = image
  const { from, to } = image.variables
  const variables = bytes.slice(from, to)
  const stackTop = stackPointer.value
  const inputAt = aligned(image.heapBase + image.heap.length)
  const room = bytes.length - inputAt
  let budgetNumber = 0
  let budgetUnits = 0n

  function evaluate(
    entryPoint: number,
    input: string,
    maxBytes: number,
    budget: number,
  ): string | null {
    if (budget !== budgetNumber) {
      budgetNumber = budget
      budgetUnits = BigInt(budget)
    }
    startEvaluation()
    bytes.set(variables, from)
    budgetCell.value = budgetUnits
    if (3 * input.length > room && Buffer.byteLength(input) > room) {
      throw new Error('the input is too large')
    }
    const written = text.write(input, inputAt)
    const heap = aligned(inputAt + written)
    return resultAt(
      evaluateExport(0, entryPoint, dataAddress, inputAt, written, heap, 0) >>> 0,
      maxBytes,
    )
  }

  function resultAt(start: number, maxBytes: number): string | null {
    const end = endOf(text, start, maxBytes + resultStart.length + resultEnd)
    if (end - start === emptySetBytes) return null
    for (let at = 0; at < resultStart.length; at += 1) {
      if (bytes[start + at] !== resultStart[at]) throw new Error('the answer is no result set')
    }
    return decode(text, start + resultStart.length, end - resultEnd)
  }

  return {
    evaluate,
    remaining: () => Number(budgetCell.value),
    recover() {
      stackPointer.value = stackTop
    },
  }
}

function aligned(address: number): number {
  return Math.ceil(address / alignment) * alignment
}
