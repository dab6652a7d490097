//go:build !linux

package main

import "errors"

// planeMissing says why this machine cannot carry packets.
func planeMissing() error { return errors.New("it needs Linux") }
