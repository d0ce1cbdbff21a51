package ops

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	maxBundleFiles = 5000
	maxBundleBytes = 64 << 20
	// Folders and extended headers count too: nothing else bounds what is read on their account.
	maxBundleEntries = 2 * maxBundleFiles
	bytesAroundEntry = 2048
)

var errTooLong = fmt.Errorf("more than %d bytes and what %d entries need", maxBundleBytes, maxBundleEntries)

// boundedReader fails where io.LimitReader would end, which reads as the end of an archive.
type boundedReader struct {
	from io.Reader
	left int64
}

func (r *boundedReader) Read(into []byte) (int, error) {
	if r.left <= 0 {
		return 0, errTooLong
	}
	count, err := r.from.Read(into[:min(int64(len(into)), r.left)])
	r.left -= int64(count)
	return count, err
}

// unpack reads a gzip tar in memory. Nothing is ever written, so a hostile name can only shadow
// another: names that climb, repeat or are not plain files are refused.
func unpack(packed []byte) (map[string][]byte, error) {
	refuse := func(message string) error {
		return Problems{problemIn("", "bundle_error", message, "a bundle is a gzip tar as `opa build` writes it")}
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, refuse("the bundle is not gzip: " + err.Error())
	}
	files := map[string][]byte{}
	left := int64(maxBundleBytes)
	archive := tar.NewReader(&boundedReader{unzipped, maxBundleBytes + maxBundleEntries*bytesAroundEntry})
	for entries := 0; ; entries++ {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if errors.Is(err, errTooLong) {
			return nil, refuse(err.Error())
		}
		if err != nil {
			return nil, refuse("the bundle is not a tar archive: " + err.Error())
		}
		if entries == maxBundleEntries {
			return nil, refuse(fmt.Sprintf("more than %d entries", maxBundleEntries))
		}
		if header.Typeflag == tar.TypeDir || header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
		switch {
		case header.Typeflag != tar.TypeReg:
			return nil, refuse(fmt.Sprintf("%q is not a plain file", header.Name))
		case name == "" || strings.Contains("/"+header.Name+"/", "/../"):
			return nil, refuse(fmt.Sprintf("%q is not a name inside the bundle", header.Name))
		case files[name] != nil:
			return nil, refuse(fmt.Sprintf("%q is in the bundle twice", name))
		case len(files) == maxBundleFiles:
			return nil, refuse(fmt.Sprintf("more than %d files", maxBundleFiles))
		}
		content, err := io.ReadAll(io.LimitReader(archive, left+1))
		if err != nil {
			return nil, refuse(fmt.Sprintf("%q cannot be read: %v", name, err))
		}
		if left -= int64(len(content)); left < 0 {
			return nil, refuse(fmt.Sprintf("more than %d bytes", maxBundleBytes))
		}
		files[name] = append([]byte{}, content...)
	}
}
