package ops

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/util"
)

// Verification says who must have signed a bundle: the owner of a public key in PEM.
type Verification struct {
	Key       string `json:"key"`
	Algorithm string `json:"algorithm"`
	// KeyID is the id that the signature must name; null: any, the key alone counts.
	KeyID *string `json:"keyId"`
	// Scope is that of the signature; empty: it must have none.
	Scope string `json:"scope"`
}

// The names under which OPA's verifier finds our one key and signers say that theirs is OPA's.
const (
	onlyKey    = "only"
	opaSigning = "_default"
)

// Digests that nobody can make two files for.
var strongHashes = map[string]bool{
	string(bundle.SHA256): true, string(bundle.SHA384): true, string(bundle.SHA512): true, string(bundle.SHA512256): true,
}

func unverified(file, code, message, hint string) Problems {
	return Problems{problemIn(file, code, message, hint)}
}

const (
	hintSign    = "sign it with `mcp-guard build --sign`"
	hintReplace = "fetch the bundle anew, and find out who changed it"
)

// verify holds the files of a bundle to its signature before anything in them is read. Signature and
// digests are checked by OPA's own code; what OPA leaves open is refused here: an algorithm other
// than the configured one in the header, weak digests, a file that is named twice.
//
// The digest it answers with is of what was signed: of files by what they say, where white space in
// JSON is nothing. So nobody but the owner of the key can make two bundles of one digest differ.
func (s Source) verify(files map[string][]byte, v Verification) (string, Problems) {
	if s.Bundle == "" {
		return "", unverified("", "bundle_unsigned", "sources cannot have a signature, and one is asked for",
			"build a bundle and "+hintSign)
	}
	if err := asymmetric(v.Algorithm); err != nil {
		return "", unverified("", "signature_algorithm", err.Error(), "")
	}
	token, problems := signatureOf(files)
	if len(problems) > 0 {
		return "", problems
	}
	if problems := token.checkHeader(v); len(problems) > 0 {
		return "", problems
	}
	infos, problems := token.checkSignature(v)
	if len(problems) > 0 {
		return "", problems
	}
	if problems := token.checkFiles(); len(problems) > 0 {
		return "", problems
	}
	return token.digest(), checkDigests(files, infos)
}

// token is the one JWT of a bundle, with what it says. Nothing of it is to be believed before
// checkSignature.
type token struct {
	config  bundle.SignaturesConfig
	header  tokenHeader
	payload bundle.DecodedSignature
}

type tokenHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Critical  any    `json:"crit"`
}

func (t *token) keyID() string {
	if t.header.KeyID != "" {
		return t.header.KeyID
	}
	return t.payload.KeyID
}

func signatureOf(files map[string][]byte) (*token, Problems) {
	for _, name := range util.KeysSorted(files) {
		if bundle.IsSignaturesFile(name) && name != signatureFile {
			return nil, unverified(name, "signature_malformed", "a signature that is not at the root", hintReplace)
		}
	}
	content, exists := files[signatureFile]
	if !exists {
		return nil, unverified(signatureFile, "signature_missing", "the bundle is not signed", hintSign)
	}
	refuse := func(message string) (*token, Problems) {
		return nil, unverified(signatureFile, "signature_malformed", message, hintSign)
	}
	if problems := checkJSON(signatureFile, content); len(problems) > 0 {
		return refuse(problems[0].Message)
	}
	t := &token{}
	if err := strictly(content, &t.config); err != nil {
		return refuse("not a signature as OPA writes it: " + err.Error())
	}
	if t.config.Plugin != "" && t.config.Plugin != opaSigning {
		return refuse(fmt.Sprintf("a signature of the plugin %q", t.config.Plugin))
	}
	if count := len(t.config.Signatures); count != 1 {
		return refuse(fmt.Sprintf("%d signatures, where one is expected", count))
	}
	parts := strings.Split(t.config.Signatures[0], ".")
	if len(parts) != 3 {
		return refuse("the signature is not a JWT in three parts")
	}
	for i, target := range []any{&t.header, &t.payload} {
		if problem := decodePart(parts[i], target); problem != "" {
			return refuse("the JWT " + problem)
		}
	}
	return t, nil
}

func strictly(content []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	return decoder.Decode(target)
}

func decodePart(part string, target any) string {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return "is not base64url"
	}
	if problems := checkJSON(signatureFile, text); len(problems) > 0 {
		return "is " + problems[0].Message
	}
	if err := json.Unmarshal(text, target); err != nil {
		return "says something else than a signature does: " + err.Error()
	}
	return ""
}

// checkHeader refuses what the key is not asked for. OPA would try the configured algorithm whatever
// the header says; so a token that says another is not what its maker thinks, or worse.
func (t *token) checkHeader(v Verification) Problems {
	if t.header.Algorithm != v.Algorithm {
		return unverified(signatureFile, "signature_algorithm",
			fmt.Sprintf("signed with %q, and %s is asked for", t.header.Algorithm, v.Algorithm),
			"sign it with that algorithm, or configure the other")
	}
	if t.header.Critical != nil {
		return unverified(signatureFile, "signature_malformed", "a JWT with extensions that must be understood", hintSign)
	}
	if t.header.KeyID != "" && t.payload.KeyID != "" && t.header.KeyID != t.payload.KeyID {
		return unverified(signatureFile, "signature_key_id",
			fmt.Sprintf("the signature names two keys, %q and %q", t.header.KeyID, t.payload.KeyID), hintSign)
	}
	if v.KeyID != nil && t.keyID() != *v.KeyID {
		return unverified(signatureFile, "signature_key_id",
			fmt.Sprintf("signed with the key %q, and %q is asked for", t.keyID(), *v.KeyID),
			"sign it with that key, or configure the other")
	}
	return nil
}

func (t *token) checkSignature(v Verification) (map[string]bundle.FileInfo, Problems) {
	key := &keys.Config{Key: v.Key, Algorithm: v.Algorithm}
	// The scope is compared below: here it would be the token's word against itself.
	config := bundle.NewVerificationConfig(map[string]*keys.Config{onlyKey: key}, onlyKey, t.payload.Scope, nil)
	infos, err := bundle.VerifyBundleSignature(t.config, config)
	if err != nil {
		return nil, unverified(signatureFile, "signature_wrong", "the signature is not by the owner of the key",
			"give the public key of whoever signs, or "+hintReplace)
	}
	if t.payload.Scope != v.Scope {
		return nil, unverified(signatureFile, "signature_scope",
			fmt.Sprintf("signed for the scope %q, and %q is asked for", t.payload.Scope, v.Scope),
			"sign it for that scope, or configure the other")
	}
	return infos, nil
}

func (t *token) checkFiles() Problems {
	seen := map[string]bool{}
	for _, file := range t.payload.Files {
		if seen[file.Name] {
			return unverified(file.Name, "signature_file_twice", "the signature names the file twice", hintSign)
		}
		seen[file.Name] = true
		if file.Name == "" || strings.TrimPrefix(path.Clean("/"+file.Name), "/") != file.Name {
			return unverified(signatureFile, "signature_malformed",
				fmt.Sprintf("%q is not a name inside the bundle", file.Name), hintSign)
		}
		if !strongHashes[file.Algorithm] {
			return unverified(file.Name, "signature_algorithm",
				fmt.Sprintf("signed by a digest of the kind %q", file.Algorithm), "sign it with SHA-256")
		}
	}
	return nil
}

// digest is of the list of files alone, in the order of their names.
func (t *token) digest() string {
	lines := make([]string, 0, len(t.payload.Files))
	for _, file := range t.payload.Files {
		lines = append(lines, fmt.Sprintf("%q %q %q\n", file.Name, file.Algorithm, strings.ToLower(file.Hash)))
	}
	sort.Strings(lines)
	return digestOf([]byte("mcp-guard signed 1\n" + strings.Join(lines, "")))
}

// checkDigests uses up infos: what is left was signed and is not there.
func checkDigests(files map[string][]byte, infos map[string]bundle.FileInfo) Problems {
	for _, name := range util.KeysSorted(files) {
		if name == signatureFile {
			continue
		}
		if _, signed := infos[name]; !signed {
			return unverified(name, "signature_file_extra", "a file that was not signed", hintReplace)
		}
		if err := bundle.VerifyBundleFile(name, *bytes.NewBuffer(files[name]), infos); err != nil {
			return unverified(name, "signature_file_changed", "not the file that was signed", hintReplace)
		}
	}
	if left := util.KeysSorted(infos); len(left) > 0 {
		return unverified(left[0], "signature_file_missing", "was signed and is not in the bundle", hintReplace)
	}
	return nil
}
