/**
 * Code for what OPA's runtime does with strings: finding a member by its name, comparing, reading
 * them from JSON. Each does what the runtime's own code does, for the usual cases; for all others it
 * goes on to that code. Strings are read by words of eight bytes, so up to eight bytes past their
 * end, which never count. Layouts are those of OPA 1.22 (`wasm/src`); the notation is that of
 * `wasm-assemble`.
 */

/** Values: the kind in the first byte; 4 and 8 are strings, with length at 4 and address at 8. */
const isString = (value: string) => `
  i32.const 0x110 local.get ${value} i32.load8_u 0 i32.shr_u i32.const 1 i32.and`

/** The bytes of a word that belong to a string with $n bytes left, of fewer than eight. */
const belonging = `
  i64.const 1 local.get $n i64.extend_i32_u i64.const 3 i64.shl i64.shl i64.const 1 i64.sub i64.and`

const advance = (name: string, bytes: number) => `
  local.get ${name} i32.const ${bytes} i32.add local.set ${name}`

/** Goes on while a whole step of so many bytes is left. */
const repeat = (bytes: number) => `
  local.get $n i32.const ${bytes} i32.sub local.tee $n i32.const ${bytes} i32.ge_u br_if 0`

const leaveIfLess = (bytes: number) => `local.get $n i32.const ${bytes} i32.lt_u br_if 0`

/**
 * Compares $n bytes at $p and $q. Where they differ it leaves the block that it stands in, with the
 * difference in $x and the addresses of its word in $p and $q.
 */
const compareBytes = `
  block
    ${leaveIfLess(8)}
    loop
      local.get $p i64.load 0 local.get $q i64.load 0 i64.xor local.tee $x
      i64.eqz i32.eqz br_if 2
      ${advance('$p', 8)}
      ${advance('$q', 8)}
      ${repeat(8)}
    end
  end
  local.get $p i64.load 0 local.get $q i64.load 0 i64.xor ${belonging} local.tee $x
  i64.eqz i32.eqz br_if 0`

/** -1, 0 or 1: by bytes, then by length. */
export const compareStrings = `
  block
    local.get 0 i32.eqz br_if 0
    local.get 1 i32.eqz br_if 0
    ${isString('0')} i32.eqz br_if 0
    ${isString('1')} i32.eqz br_if 0
    local.get 0 i32.load 8 local.set $p
    local.get 1 i32.load 8 local.set $q
    local.get 0 i32.load 4 local.tee $a
    local.get 1 i32.load 4 local.tee $b
    local.get $a local.get $b i32.lt_u select local.set $n
    block
      ${compareBytes}
      local.get $a local.get $b i32.gt_u
      local.get $a local.get $b i32.lt_u
      i32.sub return
    end
    local.get $x i64.ctz i64.const 3 i64.shr_u i32.wrap_i64 local.tee $n
    local.get $p i32.add i32.load8_u 0
    local.get $n local.get $q i32.add i32.load8_u 0
    i32.gt_u i32.const 1 i32.shl i32.const 1 i32.sub return
  end`

const hashByte = (offset: number) => `
  i32.const 16777619 i32.mul local.get $p i32.load8_u ${offset} i32.xor`

const hashRest = (offset: number) => `
  local.get $n i32.const ${offset} i32.eq br_if 0
  local.get $h ${hashByte(offset)} local.set $h`

/** FNV-1 over the string in local 1, into $h: the runtime's own hash. */
const hashString = `
  local.get 1 i32.load 8 local.set $p
  local.get 1 i32.load 4 local.set $n
  i32.const -2128831035 local.set $h
  block
    ${leaveIfLess(4)}
    loop
      local.get $h ${hashByte(0)} ${hashByte(1)} ${hashByte(2)} ${hashByte(3)} local.set $h
      ${advance('$p', 4)}
      ${repeat(4)}
    end
  end
  block
    ${hashRest(0)}
    ${hashRest(1)}
    ${hashRest(2)}
  end`

/**
 * The member of an object (kind 6: buckets at 4, their number, a power of two, at 8; a member's name,
 * value and next one at 0, 4 and 8) whose name is a string.
 */
export const getMember = `
  block
    local.get 0 i32.eqz br_if 0
    local.get 0 i32.load8_u 0 i32.const 6 i32.ne br_if 0
    ${isString('1')} i32.eqz br_if 0
    ${hashString}
    local.get 0 i32.load 4
    local.get $h local.get 0 i32.load 8 i32.const 1 i32.sub i32.and
    i32.const 2 i32.shl i32.add i32.load 0 local.set $m
    block
      loop
        local.get $m i32.eqz br_if 1
        block
          local.get $m i32.load 0 local.tee $k local.get 1 i32.ne
          if
            ${isString('$k')} i32.eqz br_if 1
            local.get $k i32.load 4 local.tee $n local.get 1 i32.load 4 i32.ne br_if 1
            local.get $k i32.load 8 local.set $p
            local.get 1 i32.load 8 local.set $q
            block
              ${compareBytes}
              local.get $m i32.load 4 return
            end
            br 1
          end
          local.get $m i32.load 4 return
        end
        local.get $m i32.load 8 local.set $m
        br 0
      end
    end
    i32.const 0 return
  end`

const every = (byte: number) => BigInt.asIntN(64, 0x0101010101010101n * BigInt(byte))

/** Finds the end of a string of printable ASCII without escapes: text from 0, length at 4, place at 16. */
export const readPlainString = `
  block
    local.get 0 i32.load 16 local.tee $p i32.load8_u 0 i32.const 0x22 i32.ne br_if 0
    local.get 0 i32.load 0 local.get 0 i32.load 4 i32.add local.set $end
    local.get $p i32.const 1 i32.add local.tee $p local.set $start
    loop
      local.get $p local.get $end i32.ge_u br_if 1
      local.get $p i64.load 0 local.tee $w
      i64.const ${every(0x22)} i64.xor local.tee $x i64.const ${every(1)} i64.sub
      local.get $x i64.const -1 i64.xor i64.and
      local.get $w
      i64.const ${every(0x5c)} i64.xor local.tee $x i64.const ${every(1)} i64.sub
      local.get $x i64.const -1 i64.xor i64.and i64.or
      local.get $w i64.const ${every(0x20)} i64.sub i64.or
      local.get $w i64.const ${every(1)} i64.add i64.or
      local.get $w i64.or
      i64.const ${every(0x80)} i64.and local.tee $x i64.eqz
      if
        ${advance('$p', 8)}
        br 1
      end
    end
    local.get $x i64.ctz i64.const 3 i64.shr_u i32.wrap_i64 local.get $p i32.add local.tee $p
    local.get $end i32.ge_u br_if 0
    local.get $p i32.load8_u 0 i32.const 0x22 i32.ne br_if 0
    local.get 0 local.get $start i32.store 8
    local.get 0 local.get $p i32.store 12
    local.get 0 local.get $p i32.const 1 i32.add i32.store 16
    i32.const 6 return
  end`

const copyWord = (to: string, from: string) => `
  local.get ${to} local.get ${from} i64.load 0 i64.store 0`

const lastWord = 'local.get 2 i32.add i32.const 8 i32.sub'

/** A copy of a string that was read as plain (6). Blocks take at least 4 bytes, and 8 from the fifth. */
export const copyPlainString = `
  block
    local.get 0 i32.const 6 i32.ne br_if 0
    local.get 2 i32.eqz br_if 0
    local.get 2 call $allocate local.set $copy
    block
      local.get 2 i32.const 4 i32.le_u
      if
        local.get $copy local.get 1 i32.load 0 i32.store 0
        br 1
      end
      local.get 2 i32.const 8 i32.lt_u
      if
        ${copyWord('$copy', '1')}
        br 1
      end
      local.get $copy local.set $q
      local.get 1 local.set $p
      local.get 2 local.set $n
      loop
        ${copyWord('$q', '$p')}
        ${advance('$p', 8)}
        ${advance('$q', 8)}
        ${repeat(8)}
      end
      local.get $copy ${lastWord} local.get 1 ${lastWord} i64.load 0 i64.store 0
    end
    local.get $copy local.get 2 call $stringOf return
  end`
