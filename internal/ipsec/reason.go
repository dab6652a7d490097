package ipsec

import (
	"strings"

	"github.com/gatewright/gatewright/internal/plan"
)

// reason is why a tunnel is not up, in plain words, and what to change.
type reason struct{ cause, hint string }

var (
	wrongKey        = reason{"the pre-shared keys differ", "set the same PreShareKey on both sides"}
	refused         = reason{"the peer refuses our key or our identity", "compare PreShareKey and the local identity with what the peer expects"}
	refusedMode     = reason{refused.cause, "many peers take no aggressive mode with a pre-shared key unless told to (strongSwan: `i_dont_care_about_security_and_use_aggressive_mode_psk = yes` in the section charon of strongswan.conf); else " + refused.hint}
	identityDiffers = reason{"the peer's identity is not the one that is configured",
		"set RemoteIdentity, RemoteAddress or RemoteFqdnName to what the peer calls itself; `gatewright debug connection` shows it"}
	noPhase1 = reason{"no common proposal for phase 1 (IKE)", "compare IKE version, exchange mode, encryption, integrity and DH group with the peer's"}
	noPhase2 = reason{"no common proposal for phase 2 (IPsec)", "compare IPsec encryption, integrity and PFS group with the peer's"}
	noCommon = reason{"no common proposal", "compare the algorithms and groups of both phases with the peer's"}
	noAnswer = reason{cause: "no answer"} // in either phase of IKEv1
	ranges2  = reason{"the selectors differ", "the local and remote ranges of both sides must mirror each other"}
	refusal2 = reason{"the peer refuses the selectors",
		"the local and remote ranges of both sides must mirror each other; if they do, the peer could not install the keys, and its log says why"}
	silent2 = reason{"the peer does not answer in phase 2 (IPsec)",
		"compare the ranges, the algorithms and the PFS group with the peer's; if they agree, the peer could not install the keys, and its log says why"}
	narrowed = reason{"the peer takes only a part of the ranges", "the local and remote ranges of both sides must mirror each other"}
	partial  = reason{"not every pair of ranges is negotiated", "the local and remote ranges of both sides must mirror each other"}
	oneChild = reason{"the peer takes no further CHILD_SA", "let the peer have all ranges in one CHILD_SA, or make a connection for each pair"}
	silent   = reason{"the peer is silent", "see that the peer is up, that its address is right, and that UDP 500 and 4500 pass in both directions"}
	aggress  = reason{"the daemon does not answer aggressive mode with a pre-shared key", "report this: the daemon should have been configured for it"}
	sadFails = reason{"the daemon could not install the keys", "run `gatewright doctor`: the engine does not fit this kernel"}
	closed   = reason{"the peer closed the tunnel", "look at the peer's log"}
	lacking  = reason{"the daemon lacks an algorithm of this connection", "choose algorithms that `gatewright doctor` lists"}
)

// signs are pieces of charon's lines and what they mean. VICI's log is the only place
// where charon says why: its events carry no codes. Of several the first one counts.
var signs = []struct {
	piece string
	reason
}{
	{"but MAC mismatched", wrongKey},
	{"calculated HASH does not match HASH payload", wrongKey},
	{"integrity check failed", wrongKey}, // IKEv1 decrypts to nonsense with the wrong key
	{"could not decrypt payloads", wrongKey},
	{"invalid HASH_V1 payload length, decryption failed", wrongKey},
	{"received PAYLOAD_MALFORMED error notify", wrongKey},
	{"received INVALID_PAYLOAD_TYPE error notify", wrongKey},
	{"received AUTHENTICATION_FAILED", refused},
	{"received INVALID_HASH_INFORMATION", wrongKey},
	{"Aggressive Mode PSK disabled", aggress},
	{"no matching peer config found", identityDiffers},
	{"no peer config found", identityDiffers},
	{"no shared key found", identityDiffers},
	{"constraint check failed: identity", identityDiffers},
	{"IDir '", identityDiffers},
	{"IDr '", identityDiffers},
	{"none allows pre-shared key", noPhase1},
	{"no IKE config found", noPhase1},
	{"received proposals unacceptable", noPhase1},
	{"received unexpected", noPhase1},
	{"received TS_UNACCEPTABLE", refusal2},
	{"received SINGLE_PAIR_REQUIRED", refusal2},
	{"received NO_ADDITIONAL_SAS", oneChild},
	{"no acceptable traffic selectors found", ranges2},
	{"no matching CHILD_SA config found", ranges2},
	{"traffic selectors ", ranges2},         // … unacceptable, or invalid ones that the peer selected
	{" unacceptable, requesting", noCommon}, // a group; another try may follow
	{"received INVALID_ID_INFORMATION", refusal2},
	{"received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", noPhase2},
	{"no acceptable proposal found", noPhase2},
	{"no matching proposal found", noPhase2},
	{"received INVALID_KE_PAYLOAD notify, no CHILD_SA built", noPhase2},
	{"no proposal found", noPhase1},
	{"received NO_PROPOSAL_CHOSEN notify error", noPhase1},
	{"received NO_PROPOSAL_CHOSEN error notify", noCommon},
	{"unable to install", sadFails},
	{"unable to add SAD entry", sadFails},
	{"not supported!", lacking},
	{"peer not responding", silent},
	{"giving up after", silent},
	{"DPD check timed out", silent},
	{" of request with message ID", silent}, // retransmit 1, 2, … in IKEv2
	{" of request message ID", noAnswer},    // and in IKEv1
	{"received DELETE for", closed},
}

// explain finds what a line of charon's log says about a tunnel that does not come up.
// In phase 2 of IKEv1 the peer's refusal and its silence look as in phase 1.
func explain(line string, phase1Done bool) (reason, bool) {
	for _, s := range signs {
		if !strings.Contains(line, s.piece) {
			continue
		}
		switch s.reason {
		case noCommon:
			return either(phase1Done, noPhase2, noPhase1), true
		case noAnswer:
			return either(phase1Done, silent2, silent), true
		}
		return s.reason, true
	}
	return reason{}, false
}

// of is the reason for one tunnel: in aggressive mode a peer may refuse the mode itself,
// and says the same.
func (r reason) of(t plan.Tunnel) reason {
	if r == refused && t.IKE.Version == ikeV1 && t.IKE.Exchange == "AGGRESSIVE" {
		return refusedMode
	}
	return r
}

func either(phase1Done bool, phase2, phase1 reason) reason {
	if phase1Done {
		return phase2
	}
	return phase1
}
