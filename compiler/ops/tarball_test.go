package ops

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"
)

// archiveOf writes the same header over and over.
func archiveOf(t *testing.T, count int, header *tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for range count {
		copied := *header
		if err := archive.WriteHeader(&copied); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestWhatIsNoFileCountsToo(t *testing.T) {
	t.Parallel()
	folder := &tar.Header{Typeflag: tar.TypeDir, Name: "d/"}
	global := &tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "c"}}
	long := &tar.Header{Typeflag: tar.TypeXGlobalHeader,
		PAXRecords: map[string]string{"comment": strings.Repeat("c", 900_000)}}
	cases := []struct {
		name    string
		packed  []byte
		refused string
	}{
		{"folders", archiveOf(t, maxBundleEntries+1, folder), "more than 10000 entries"},
		{"global headers", archiveOf(t, maxBundleEntries+1, global), "more than 10000 entries"},
		{"long global headers", archiveOf(t, 200, long), "more than 67108864 bytes and what 10000 entries need"},
		{"a file without a name", archiveOf(t, 1, &tar.Header{Typeflag: tar.TypeReg, Name: "."}), `"." is not a name inside the bundle`},
		{"as many folders as may be", archiveOf(t, maxBundleEntries, folder), ""},
	}
	for _, test := range cases {
		_, err := unpack(test.packed)
		switch {
		case err == nil && test.refused != "":
			t.Errorf("%s: not refused", test.name)
		case err != nil && err.Error() != test.refused:
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// archiveOfFiles has a file of each size, of zeros.
func archiveOfFiles(t *testing.T, sizes ...int) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(zipped)
	for i, size := range sizes {
		header := tar.Header{Typeflag: tar.TypeReg, Name: strconv.Itoa(i), Size: int64(size), Mode: 0o644}
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func TestAsManyFilesAndBytesAsMayBe(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		sizes   []int
		refused string
	}{
		{"a byte too many", []int{maxBundleBytes + 1}, "more than 67108864 bytes"},
		{"in two files", []int{maxBundleBytes, 1}, "more than 67108864 bytes"},
		{"as many bytes as may be", []int{maxBundleBytes - 1, 1, 0}, ""},
		{"a file too many", make([]int, maxBundleFiles+1), "more than 5000 files"},
		{"as many files as may be", make([]int, maxBundleFiles), ""},
	}
	for _, test := range cases {
		files, err := unpack(archiveOfFiles(t, test.sizes...))
		switch {
		case err == nil && (test.refused != "" || len(files) != len(test.sizes)):
			t.Errorf("%s: %d files", test.name, len(files))
		case err != nil && err.Error() != test.refused:
			t.Errorf("%s: %v", test.name, err)
		}
		for i, size := range test.sizes {
			if err == nil && len(files[strconv.Itoa(i)]) != size {
				t.Errorf("%s: file %d has %d bytes", test.name, i, len(files[strconv.Itoa(i)]))
			}
		}
	}
}
