package ops

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/keys"
)

// SignRequest signs a bundle with a private key in PEM. The shared-secret algorithms are not
// offered: whoever can verify with them can sign.
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

// VerifyRequest checks a bundle's signature with a public key in PEM, whatever key id the signature
// names. A bundle without a signature does not pass.
type VerifyRequest struct {
	Bundle    string `json:"bundle"`
	Key       string `json:"key"`
	Algorithm string `json:"algorithm"`
	Scope     string `json:"scope"`
}

func runVerify(request VerifyRequest) (any, error) {
	if err := asymmetric(request.Algorithm); err != nil {
		return nil, err
	}
	packed, err := decodeBundle(request.Bundle)
	if err != nil {
		return nil, err
	}
	// The files are looked at by our own rules first: names that repeat or climb are not signed for.
	if _, err := unpack(packed); err != nil {
		return nil, err
	}
	key := &keys.Config{Key: request.Key, Algorithm: request.Algorithm, Scope: request.Scope}
	config := bundle.NewVerificationConfig(map[string]*keys.Config{"it": key}, "it", request.Scope, nil)
	_, err = bundle.NewCustomReader(bundle.NewTarballLoader(bytes.NewReader(packed))).
		WithBundleVerificationConfig(config).Read()
	if err != nil {
		return nil, signatureProblem(err)
	}
	return struct{}{}, nil
}

func asymmetric(algorithm string) error {
	for _, prefix := range []string{"RS", "PS", "ES"} {
		if strings.HasPrefix(algorithm, prefix) && keys.IsSupportedAlgorithm(algorithm) {
			return nil
		}
	}
	return requestError("the signature algorithm must be one of RS, PS or ES 256, 384 or 512")
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
