//go:build oldest

package main

import "errors"

// callTag has no client: the tag service's oldest one that is still served needs a newer
// common part than the oldest.
func callTag(*order) (reply, error) {
	return nil, errors.New("built without the tag service's client")
}
