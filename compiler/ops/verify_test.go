package ops

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"testing"
)

var signedFiles = map[string][]byte{
	"main.rego":  []byte("package mcpguard.main\n\ndecision := {\"allow\": true}\n"),
	"data.json":  []byte(`{"b": [1.0, "\u003c"], "a": null}`),
	"x/data.yml": []byte("a: [b, 1.50]\n"),
	".manifest":  []byte(`{"revision": "7"}`),
}

func newKeys(t *testing.T) (private, public string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("PRIVATE KEY", privateDER), text("PUBLIC KEY", publicDER)
}

func signedBundle(t *testing.T, private string) []byte {
	t.Helper()
	files := map[string][]byte{}
	for name, content := range signedFiles {
		files[name] = content
	}
	signature, err := signFiles(files, Signing{Key: private, Algorithm: "ES256", Scope: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	files[signatureFile] = signature
	packed, err := pack(files)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// readSigned is nil where the bundle does not pass.
func readSigned(packed []byte, v Verification) map[string][]byte {
	files, err := unpack(packed)
	if err != nil {
		return nil
	}
	if _, problems := (Source{Bundle: base64.StdEncoding.EncodeToString(packed)}).verify(files, v); len(problems) > 0 {
		return nil
	}
	return files
}

// Every byte of the archive changed: what still passes is the very same policy, and OPA's own reader
// takes it too.
func TestEveryByteOfASignedBundle(t *testing.T) {
	t.Parallel()
	private, public := newKeys(t)
	v := Verification{Key: public, Algorithm: "ES256", Scope: "prod"}
	packed := signedBundle(t, private)
	accepted := readSigned(packed, v)
	if accepted == nil || verifyByOPA(packed, v) != nil {
		t.Fatal("the signed bundle is refused")
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	// One for all: a new one is a megabyte.
	writer, err := gzip.NewWriterLevel(io.Discard, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := range plain {
		by := byte(1) << (at % 8)
		changed := bytes.Clone(plain)
		changed[at] ^= by
		again := zip(t, writer, changed)
		files := readSigned(again, v)
		if files == nil {
			refused++
			continue
		}
		if err := verifyByOPA(again, v); err != nil {
			t.Errorf("byte %d ^ %#x: ours accepts, OPA does not: %v", at, by, err)
		}
		if !sameFiles(t, files, accepted) {
			t.Errorf("byte %d ^ %#x: other files pass", at, by)
		}
	}
	if refused < len(plain)/3 {
		t.Errorf("only %d of %d changes were refused", refused, len(plain))
	}
}

func zip(t *testing.T, writer *gzip.Writer, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	writer.Reset(&out)
	if _, err := writer.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sameFiles compares data and manifest by what they say, as they are signed.
func sameFiles(t *testing.T, one, other map[string][]byte) bool {
	t.Helper()
	if len(one) != len(other) {
		return false
	}
	for name := range one {
		if name == signatureFile {
			continue
		}
		first, err := fileInfo(name, one[name])
		if err != nil {
			t.Fatal(err)
		}
		if second, err := fileInfo(name, other[name]); err != nil || first != second {
			return false
		}
	}
	return true
}

// What OPA's verifier refuses for its words alone must be refused by ours, which call it in parts.
func TestOPAAndOursOnTheSameKey(t *testing.T) {
	private, public := newKeys(t)
	_, otherPublic := newKeys(t)
	packed := signedBundle(t, private)
	other := "other"
	rows := map[string]Verification{
		"another key":    {Key: otherPublic, Algorithm: "ES256", Scope: "prod"},
		"no key":         {Key: "", Algorithm: "ES256", Scope: "prod"},
		"no scope":       {Key: public, Algorithm: "ES256"},
		"another scope":  {Key: public, Algorithm: "ES256", Scope: "staging"},
		"another kind":   {Key: public, Algorithm: "RS256", Scope: "prod"},
		"longer digests": {Key: public, Algorithm: "ES384", Scope: "prod"},
	}
	for what, v := range rows {
		if verifyByOPA(packed, v) == nil {
			t.Errorf("%s: OPA accepts", what)
		}
		if readSigned(packed, v) != nil {
			t.Errorf("%s: ours accepts", what)
		}
	}
	if readSigned(packed, Verification{Key: public, Algorithm: "ES256", Scope: "prod", KeyID: &other}) != nil {
		t.Error("another key id: ours accepts")
	}
}
