package ops

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
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
