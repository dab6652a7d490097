package probe

// verdict is what the outcomes of probes so far come to.
//
//	unknown -(one answer)-> healthy -(threshold losses in a row)-> unhealthy
//	unknown -(threshold losses in a row)-> unhealthy -(threshold answers in a row)-> healthy
//
// One answer is enough at first, so that traffic need not wait for a tunnel that has
// just come up, or that another run of the server has watched before.
type verdict struct {
	known, healthy bool
	against        int // outcomes in a row that speak against it
}

// note adds an outcome and reports whether the verdict has changed.
func (v *verdict) note(answered bool, threshold int) bool {
	if v.known && v.healthy == answered {
		v.against = 0
		return false
	}
	if !v.known && answered {
		*v = verdict{known: true, healthy: true}
		return true
	}
	if v.against++; v.against < threshold {
		return false
	}
	*v = verdict{known: true, healthy: answered}
	return true
}
