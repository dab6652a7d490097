package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/gatewright/gatewright/internal/vpc"
)

// keepCredentials makes the root account where there is none, and its credentials file
// where there is none. A file whose key the store does not know, since a backup of
// another store was restored, is moved out of the way.
func (s *server) keepCredentials(ctx context.Context) error {
	root, err := s.control.EnsureRoot(ctx)
	if err != nil {
		return fmt.Errorf("root account: %w", err)
	}
	if root == nil {
		return nil // the operator has disabled its keys
	}
	path := s.conf.file(credentialsFile)
	if id, _, err := readCredentials(path); err == nil && s.unknownKey(ctx, id) {
		if err := os.Rename(path, path+".old"); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("[default]\nsecret_id = %s\nsecret_key = %s\n", root.KeyID, root.Secret.Reveal())
	if err := createFileAtomic(path, []byte(text), 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (s *server) unknownKey(ctx context.Context, id string) bool {
	_, err := s.control.FindKey(ctx, id)
	return errors.Is(err, &vpc.Error{Code: vpc.ResourceNotFound})
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
