package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gatewright/gatewright/internal/control"
)

// keepCredentials writes the root account's key pair unless the file is there already;
// what the operator put there is left alone.
func keepCredentials(path string, cred *control.Credential) error {
	if cred == nil {
		return nil
	}
	text := fmt.Sprintf("[default]\nsecret_id = %s\nsecret_key = %s\n", cred.KeyID, cred.Secret.Reveal())
	err := createFileAtomic(path, []byte(text), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// readCredentials reads the first section of a credentials file.
func readCredentials(path string) (id, secret string, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", "", err
	}
	values := map[string]string{}
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		line := strings.TrimSpace(sc.Text())
		if strings.HasPrefix(line, "[") && len(values) > 0 {
			break
		}
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			values[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	id, secret = values["secret_id"], values["secret_key"]
	if id == "" || secret == "" {
		return "", "", fmt.Errorf("%s: secret_id and secret_key are wanted", path)
	}
	return id, secret, nil
}
