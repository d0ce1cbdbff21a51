package ops

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
)

// textOfKey is PEM of what one of x509's functions gives.
func textOfKey(t *testing.T, kind string) func([]byte, error) string {
	return func(der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
}

func TestKeysThatSign(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := func(key crypto.Signer) string {
		return textOfKey(t, "PRIVATE KEY")(x509.MarshalPKCS8PrivateKey(key))
	}
	sec1 := textOfKey(t, "EC PRIVATE KEY")(x509.MarshalECPrivateKey(ec))
	pkcs1 := textOfKey(t, "RSA PRIVATE KEY")(x509.MarshalPKCS1PrivateKey(rsaKey), nil)
	public := func(key crypto.Signer) string {
		return textOfKey(t, "PUBLIC KEY")(x509.MarshalPKIXPublicKey(key.Public()))
	}
	const kinds, misfit = "must be one of RS, PS or ES", "the key is not of the kind that "
	rows := []struct {
		name, key, algorithm string
		by                   crypto.Signer
		refused              string
	}{
		{"EC", pkcs8(ec), "ES256", ec, ""},
		{"EC of OpenSSL", sec1, "ES256", ec, ""},
		{"RSA", pkcs8(rsaKey), "PS384", rsaKey, ""},
		{"RSA of OpenSSL", pkcs1, "RS256", rsaKey, ""},
		{"EC as RSA", pkcs8(ec), "RS256", nil, misfit + "RS256"},
		{"EC as PSS", pkcs8(ec), "PS256", nil, misfit + "PS256"},
		{"RSA as EC", pkcs8(rsaKey), "ES256", nil, misfit + "ES256"},
		{"another curve", pkcs8(edwards), "ES256", nil, misfit + "ES256"},
		{"a public key", public(ec), "ES256", nil, "the key is not a private key for signatures"},
		{"no PEM", "secret", "ES256", nil, "the key is not PEM"},
		{"a secret", "secret", "HS256", nil, kinds},
		{"no such algorithm", pkcs8(ec), "ES999", nil, kinds},
		{"none", pkcs8(ec), "none", nil, kinds},
		{"EdDSA", pkcs8(edwards), "EdDSA", nil, kinds},
	}
	for _, row := range rows {
		files := map[string][]byte{"x.rego": []byte("package x\n")}
		signature, err := signFiles(files, Signing{Key: row.key, Algorithm: row.algorithm})
		if row.refused != "" {
			if err == nil || !strings.Contains(err.Error(), row.refused) {
				t.Errorf("%s: %v", row.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		files[signatureFile] = signature
		packed, err := pack(files)
		if err != nil {
			t.Fatal(err)
		}
		v := Verification{Key: public(row.by), Algorithm: row.algorithm}
		if readSigned(packed, v) == nil || verifyByOPA(packed, v) != nil {
			t.Errorf("%s: does not verify", row.name)
		}
	}
}

func TestOPAsSignerTakesKeysOnly(t *testing.T) {
	private, _ := newKeys(t)
	packed, err := pack(map[string][]byte{"x.rego": []byte("package x\n")})
	if err != nil {
		t.Fatal(err)
	}
	request := SignRequest{Bundle: base64.StdEncoding.EncodeToString(packed), Key: private, Algorithm: "ES256"}
	if _, err := runSign(request); err != nil {
		t.Error(err)
	}
	request.Key = "/etc/key.pem"
	if _, err := runSign(request); err == nil || !strings.Contains(err.Error(), "the key is not PEM") {
		t.Error(err)
	}
	request.Key, request.Algorithm = private, "HS256"
	if _, err := runSign(request); err == nil || !strings.Contains(err.Error(), "must be one of") {
		t.Error(err)
	}
}

// A bundle that only its reader refuses: signed as it should be, with data outside of its roots.
func TestVerifyAsksOPAsReaderToo(t *testing.T) {
	private, public := newKeys(t)
	for roots, code := range map[string]string{`["a"]`: "", `["b"]`: "signature_error"} {
		files := map[string][]byte{".manifest": []byte(`{"roots": ` + roots + `}`), "data.json": []byte(`{"a": 1}`)}
		signature, err := signFiles(files, Signing{Key: private, Algorithm: "ES256"})
		if err != nil {
			t.Fatal(err)
		}
		files[signatureFile] = signature
		packed, err := pack(files)
		if err != nil {
			t.Fatal(err)
		}
		_, err = runVerify(VerifyRequest{
			Bundle: base64.StdEncoding.EncodeToString(packed),
			Verify: Verification{Key: public, Algorithm: "ES256"},
		})
		problems, _ := err.(Problems)
		if (err == nil) != (code == "") || code != "" && (len(problems) != 1 || problems[0].Code != code) {
			t.Errorf("roots %s: %v", roots, err)
		}
	}
}
