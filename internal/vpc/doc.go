// Package vpc holds the words of the domain and every rule about them: ids,
// address ranges, names, tags, quotas, prices, states and error codes.
//
// The package is pure. It reads no clock, draws no random number, opens no file
// and no socket: time and chance come in as arguments. Its values are plain rows;
// a row that has been handed to the store is immutable, so a change is made on a
// copy. Any goroutine may call anything here.
package vpc
