package dataplane

import "errors"

var errStill = errors.New("it is still there")

// gone turns a condition into what Eventually takes.
func gone(is func() bool) func() error {
	return func() error {
		if is() {
			return nil
		}
		return errStill
	}
}
