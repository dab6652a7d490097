package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"
)

// loadFile sets, from a TOML file, every flag that the command line left alone. A key
// is a flag's name; an unknown key is an error.
func loadFile(fs *pflag.FlagSet, path string) error {
	keys := map[string]any{}
	if _, err := toml.DecodeFile(path, &keys); err != nil {
		return fmt.Errorf("--config %s: %w", path, err)
	}
	var errs []error
	for _, name := range sortedKeys(keys) {
		if err := setFromFile(fs, name, keys[name]); err != nil {
			errs = append(errs, fmt.Errorf("--config %s: %s: %w", path, name, err))
		}
	}
	return errors.Join(errs...)
}

// notInFile are flags that say what to do with a file, not what is in it.
var notInFile = []string{"config", "check", "cleanup", "help"}

func setFromFile(fs *pflag.FlagSet, name string, value any) error {
	flag := fs.Lookup(name)
	if flag == nil || slices.Contains(notInFile, name) {
		return errors.New("unknown key; the keys are the names of the flags of gatewright serve")
	}
	if flag.Changed {
		return nil
	}
	if list, ok := value.([]any); ok {
		slice, ok := flag.Value.(pflag.SliceValue)
		if !ok {
			return errors.New("one value is wanted, not a list")
		}
		texts, err := scalarTexts(list)
		if err != nil {
			return err
		}
		return slice.Replace(texts)
	}
	text, err := scalarText(value)
	if err != nil {
		return err
	}
	// A string where a number or a duration is wanted is read as on the command line.
	return flag.Value.Set(text)
}

func scalarTexts(list []any) ([]string, error) {
	var out []string
	for _, v := range list {
		text, err := scalarText(v)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

func scalarText(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool, int64:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("a text, a whole number, true, false or a list of texts is wanted, not %s", tomlKind(v))
}

func tomlKind(v any) string {
	if _, ok := v.(map[string]any); ok {
		return "a table"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", v), "[]")
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
