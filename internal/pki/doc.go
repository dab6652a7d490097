// Package pki makes the certificates of SSL servers: one certificate authority for each
// server, the server's own certificate, those of its clients, the list of revoked ones,
// and OpenVPN's tls-crypt key. Keys are ECDSA P-256. It keeps nothing and does no I/O;
// time comes in as an argument, chance is crypto/rand's.
package pki
