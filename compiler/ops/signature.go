package ops

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/util"
)

// Signing is how a bundle is signed: with a private key in PEM. The shared-secret algorithms are not
// offered: whoever can verify with them can sign. OPA's own signer takes a scope from a file only.
type Signing struct {
	Key       string `json:"key"`
	Algorithm string `json:"algorithm"`
	KeyID     string `json:"keyId"`
	Scope     string `json:"scope"`
}

// Of the bits that follow the two letters of an algorithm's name (RFC 7518, 3.1).
var signatureHashes = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}

// signFiles gives the content of .signatures.json: one JWT over the digests of all files. ES and RS
// signatures depend on the key and the files alone, so that a signed build can be repeated.
func signFiles(files map[string][]byte, signing Signing) ([]byte, error) {
	if err := asymmetric(signing.Algorithm); err != nil {
		return nil, err
	}
	key, err := privateKey(signing.Key)
	if err != nil {
		return nil, err
	}
	header := map[string]string{"alg": signing.Algorithm, "typ": "JWT"}
	if signing.KeyID != "" {
		header["kid"] = signing.KeyID
	}
	payload := struct {
		Files []bundle.FileInfo `json:"files"`
		Scope string            `json:"scope,omitempty"`
	}{Scope: signing.Scope}
	for _, name := range util.KeysSorted(files) {
		info, err := fileInfo(name, files[name])
		if err != nil {
			return nil, err
		}
		payload.Files = append(payload.Files, info)
	}
	signed := encodePart(header) + "." + encodePart(payload)
	signature, err := signText(signed, key, signing.Algorithm)
	if err != nil {
		return nil, err
	}
	token := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	return plainJSON(map[string]any{"signatures": []string{token}})
}

// fileInfo is a file's digest as OPA's verifier works it out: of data and manifest by their value, so
// that white space does not count, of all others by their bytes.
func fileInfo(name string, content []byte) (bundle.FileInfo, error) {
	hasher, err := bundle.NewSignatureHasher(bundle.SHA256)
	if err != nil {
		return bundle.FileInfo{}, err
	}
	var value any = content
	if bundle.IsStructuredDoc(name) {
		if err := util.Unmarshal(content, &value); err != nil {
			return bundle.FileInfo{}, err
		}
	}
	digest, err := hasher.HashFile(value)
	return bundle.NewFile(name, hex.EncodeToString(digest), string(bundle.SHA256)), err
}

func encodePart(value any) string {
	text, _ := json.Marshal(value) // strings only
	return base64.RawURLEncoding.EncodeToString(text)
}

func privateKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, requestError("the key is not PEM")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		return nil, requestError("the key is not a private key for signatures")
	}
	return key, nil
}

func signText(text string, key any, algorithm string) ([]byte, error) {
	kind, hash := algorithm[:2], signatureHashes[algorithm[2:]]
	hashing := hash.New()
	hashing.Write([]byte(text))
	digest := hashing.Sum(nil)
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		if kind == "ES" {
			return signEC(key, digest, hash)
		}
	case *rsa.PrivateKey:
		if kind == "RS" {
			return rsa.SignPKCS1v15(nil, key, hash, digest)
		}
		if kind == "PS" {
			return rsa.SignPSS(rand.Reader, key, hash, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	}
	return nil, requestError("the key is not of the kind that " + algorithm + " takes")
}

// signEC is deterministic (RFC 6979), in the form of RFC 7518, 3.4.
func signEC(key *ecdsa.PrivateKey, digest []byte, hash crypto.Hash) ([]byte, error) {
	der, err := key.Sign(nil, digest, hash)
	if err != nil {
		return nil, fmt.Errorf("the bundle cannot be signed: %w", err)
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, fmt.Errorf("the bundle cannot be signed: %w", err)
	}
	size := (key.Params().BitSize + 7) / 8
	signature := make([]byte, 2*size)
	pair.R.FillBytes(signature[:size])
	pair.S.FillBytes(signature[size:])
	return signature, nil
}

func asymmetric(algorithm string) error {
	for _, prefix := range []string{"RS", "PS", "ES"} {
		if strings.HasPrefix(algorithm, prefix) && keys.IsSupportedAlgorithm(algorithm) {
			return nil
		}
	}
	return requestError("the signature algorithm must be one of RS, PS or ES 256, 384 or 512")
}
