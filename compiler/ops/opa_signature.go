package ops

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/keys"
)

// OPA's own signer and reader, whole: what they write and accept is what ours are held to.

// SignRequest signs a bundle with a private key in PEM.
type SignRequest struct {
	Bundle    string `json:"bundle"`
	Key       string `json:"key"`
	KeyID     string `json:"keyId"`
	Algorithm string `json:"algorithm"`
}

// SignResult is the same bundle with its `.signatures.json`.
type SignResult struct {
	Bundle string `json:"bundle"`
}

func runSign(request SignRequest) (any, error) {
	if err := asymmetric(request.Algorithm); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(request.Key, "-----BEGIN") {
		return nil, requestError("the key is not PEM")
	}
	packed, err := decodeBundle(request.Bundle)
	if err != nil {
		return nil, err
	}
	b, err := bundle.NewCustomReader(bundle.NewTarballLoader(bytes.NewReader(packed))).
		WithSkipBundleVerification(true).Read()
	if err != nil {
		return nil, signatureProblem(err)
	}
	config := bundle.NewSigningConfig(request.Key, request.Algorithm, "")
	if err := b.GenerateSignature(config, request.KeyID, false); err != nil {
		return nil, signatureProblem(err)
	}
	var out bytes.Buffer
	if err := bundle.NewWriter(&out).DisableFormat(true).Write(b); err != nil {
		return nil, signatureProblem(err)
	}
	return SignResult{Bundle: base64.StdEncoding.EncodeToString(out.Bytes())}, nil
}

// VerifyRequest checks a bundle's signature with a public key in PEM.
type VerifyRequest struct {
	Bundle string       `json:"bundle"`
	Verify Verification `json:"verify"`
}

// runVerify asks our own check first, then OPA's reader with the same key: a bundle passes that both
// accept.
func runVerify(request VerifyRequest) (any, error) {
	if err := asymmetric(request.Verify.Algorithm); err != nil {
		return nil, err
	}
	packed, err := decodeBundle(request.Bundle)
	if err != nil {
		return nil, err
	}
	files, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	if _, problems := (Source{Bundle: request.Bundle}).verify(files, request.Verify); len(problems) > 0 {
		return nil, problems
	}
	if err := verifyByOPA(packed, request.Verify); err != nil {
		return nil, signatureProblem(err)
	}
	return struct{}{}, nil
}

func verifyByOPA(packed []byte, v Verification) error {
	key := &keys.Config{Key: v.Key, Algorithm: v.Algorithm, Scope: v.Scope}
	config := bundle.NewVerificationConfig(map[string]*keys.Config{onlyKey: key}, onlyKey, v.Scope, nil)
	_, err := bundle.NewCustomReader(bundle.NewTarballLoader(bytes.NewReader(packed))).
		WithBundleVerificationConfig(config).Read()
	return err
}

func decodeBundle(text string) ([]byte, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, requestError("the bundle is not base64: " + err.Error())
	}
	return packed, nil
}

func signatureProblem(err error) error {
	return Problems{problemIn("", "signature_error", err.Error(), "")}
}
