package control

import "github.com/gatewright/gatewright/internal/store"

// Health says what the store can do at the moment.
type Health = store.Health

// Health reports what the store can do now, without waiting for anything.
func (c *Control) Health() Health { return c.st.Health() }
