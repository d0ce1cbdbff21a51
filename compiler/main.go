//go:build wasip1

// The reactor: OPA's own compiler as one WebAssembly module. It has no files, network, arguments or
// environment; JSON comes in through guard_call and JSON goes out. Everything it does is in ops.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"unsafe"

	"mcp-guard/compiler/ops"
)

// held keeps a buffer alive (and in place) while the host reads or writes it.
var held = map[uint32][]byte{}

// hold returns the address of b, which is never empty.
func hold(b []byte) uint32 {
	p := uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	held[p] = b
	return p
}

//go:wasmexport guard_alloc
func guardAlloc(n uint32) uint32 { return hold(make([]byte, n)) }

//go:wasmexport guard_free
func guardFree(p uint32) { delete(held, p) }

// guardCall answers with the reply's address in the high half and its length in the low half.
//
//go:wasmexport guard_call
func guardCall(p, n uint32) uint64 {
	in := held[p][:n]
	delete(held, p)
	out := ops.Handle(in)
	return uint64(hold(out))<<32 | uint64(len(out))
}

// Collecting less often saves a third of the time; near the limit it is often again.
const (
	heapGrowth = 300
	heapLimit  = 160 << 20
)

func init() {
	debug.SetGCPercent(heapGrowth)
	debug.SetMemoryLimit(heapLimit)
	ops.Progress = func(total, place int, name string) {
		fmt.Fprintf(os.Stderr, "test %d %d %s\n", total, place, name)
	}
}

func main() {}
