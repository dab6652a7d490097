// Package control gives one method for each thing that a caller may ask, and decides
// it: permissions, quotas, billing, audit. It writes the wanted rows and nothing else;
// it does not know that there is a machine.
//
// Every write is one closure handed to the store, which may evaluate it again over a
// newer snapshot; so a closure depends only on its transaction. Any goroutine may call
// any method. After an error nothing of that call has been written.
package control
