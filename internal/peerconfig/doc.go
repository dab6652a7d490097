// Package peerconfig writes the configuration of the far end of a tunnel: what the
// owner of a customer gateway pastes into it, in the language of its maker.
//
// The package is pure. Everything in a text is seen from the customer's side: local is
// the customer, remote is the VPN gateway. No text of a user's ever ends a line, a
// quotation or a block: each language says which characters it carries, and what it
// cannot carry is encoded or refused.
package peerconfig
