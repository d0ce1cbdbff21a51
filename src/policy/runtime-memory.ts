/**
 * Code for OPA's runtime instead of or in front of its own: memory, and results of rules that are
 * kept while an evaluation lasts. Layouts are those of OPA 1.22 (`wasm/src`); the notation is that of
 * `wasm-assemble`.
 */

/**
 * A block of up to 64 bytes where no freed one waits to be used again. The lists of freed ones lie
 * 32 bytes apart, for 4, 8, 16 and 64 bytes: size at 4, first one at 16, an empty list's own end at 20.
 */
export const allocate = `
  block
    local.get 0 i32.const 64 i32.gt_u br_if 0
    local.get 0 i32.const 4 i32.gt_u
    local.get 0 i32.const 8 i32.gt_u i32.add
    local.get 0 i32.const 16 i32.gt_u i32.add
    i32.const 5 i32.shl i32.const $lists i32.add local.tee $list
    i32.load 16 local.get $list i32.const 20 i32.add i32.ne br_if 0
    i32.const $heapEnd i32.load 0 local.tee $p
    local.get $list i32.load 4 local.tee $n i32.add i32.const 12 i32.add local.tee $list
    i32.const $heapTop i32.load 0 i32.ge_u br_if 0
    i32.const $heapEnd local.get $list i32.store 0
    local.get $p i64.const 0 i64.store 4
    local.get $p local.get $n i32.store 0
    local.get $p i32.const 12 i32.add return
  end`

/** The results of rules that take no arguments, by the rule's number: chains in a table of them. */
const tableBytes = 256

const newTable = `
  i32.const ${8 + tableBytes} call $allocate local.tee $table`

const emptyTable = Array.from({ length: tableBytes / 8 }, (_, index) => {
  return `local.get $table i64.const 0 i64.store ${8 + 8 * index}`
}).join('\n')

const useTable = `
  ${emptyTable}
  i32.const $results local.get $table i32.store 0
  end`

export const startResults = `${newTable} i32.const 0 i32.store 0 ${useTable}`

/** Those from before, at 0, come back with the runtime's own code. */
export const pushResults = `
  ${newTable} i32.const $results i32.load 0 i32.store 0 ${useTable}`

/** Where the chain of the rule in local 0 starts, less 8. */
const chain = `
  i32.const $results i32.load 0
  local.get 0 i32.const ${tableBytes / 4 - 1} i32.and i32.const 2 i32.shl i32.add`

export const getResult = `
  ${chain} i32.load 8 local.set $m
  block
    loop
      local.get $m i32.eqz br_if 1
      local.get $m i32.load 0 local.get 0 i32.eq
      if
        local.get $m i32.load 4 return
      end
      local.get $m i32.load 8 local.set $m
      br 0
    end
  end
  i32.const 0
  end`

/** In front, so that it hides an older one of the same rule. */
export const setResult = `
  i32.const 12 call $allocate local.tee $m local.get 0 i32.store 0
  local.get $m local.get 1 i32.store 4
  local.get $m ${chain} local.tee $first i32.load 8 i32.store 8
  local.get $first local.get $m i32.store 8
  end`
