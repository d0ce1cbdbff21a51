package ops

import (
	"slices"
	"strings"
	"testing"
)

func alike(count, names, length int) [][]string {
	paths := make([][]string, count)
	for i := range paths {
		paths[i] = slices.Repeat([]string{strings.Repeat("n", length)}, names)
	}
	return paths
}

func asRead(paths [][]string) any {
	list := []any{}
	for _, path := range paths {
		names := []any{}
		for _, name := range path {
			names = append(names, name)
		}
		list = append(list, names)
	}
	return list
}

// What is written is what may be read: paths beyond the bounds are none, which sends everything.
func TestPathsAreBoundedAlikeOnBothSides(t *testing.T) {
	rows := []struct {
		name  string
		paths [][]string
		fits  bool
	}{
		{"none", [][]string{}, true},
		{"as many as may be", alike(maxPaths, 1, 1), true},
		{"one too many", alike(maxPaths+1, 1, 1), false},
		{"as deep as may be", alike(1, maxPathNames, 1), true},
		{"one too deep", alike(2, maxPathNames+1, 1), false},
		{"as long as may be", alike(1, 2, maxNameBytes), true},
		{"one too long", alike(1, 2, maxNameBytes+1), false},
	}
	for _, row := range rows {
		written := boundedPaths(row.paths)
		read, problem := readPaths(asRead(row.paths))
		if (written != nil) != row.fits || (problem == "") != row.fits || (read != nil) != row.fits {
			t.Errorf("%s: written %t, read %t, %q", row.name, written != nil, read != nil, problem)
		}
	}
}
