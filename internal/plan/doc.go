// Package plan turns a snapshot of rows into the wanted machine of one gateway, or of
// one VPC's router: every name, address, mark and priority decided. It is pure; its
// values can be compared and printed, and text is how its tests compare them.
package plan
