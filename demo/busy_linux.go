package main

import (
	"fmt"
	"os"
)

// idle runs do and gives the share of the time for which the machine's processors had
// nothing to do meanwhile; of that the kernel counts the ticks, proc_stat(5).
func (c *cloud) idle(do func()) float64 {
	c.Helper()
	before, idleBefore := c.ticks()
	do()
	after, idleAfter := c.ticks()
	return (idleAfter - idleBefore) / max(1, after-before)
}

// ticks are the processors' time since boot, and how much of it they were idle.
func (c *cloud) ticks() (all, idle float64) {
	c.Helper()
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		c.Fatalf("%v", err)
	}
	var user, nice, system, none, wait, irq, soft, stolen float64
	if _, err := fmt.Sscanf(string(text), "cpu %f %f %f %f %f %f %f %f", &user, &nice, &system, &none, &wait, &irq, &soft, &stolen); err != nil {
		c.Fatalf("/proc/stat: %v", err)
	}
	idle = none + wait
	return user + nice + system + idle + irq + soft + stolen, idle
}
