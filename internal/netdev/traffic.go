package netdev

// Traffic is what a counter has seen.
type Traffic struct{ Packets, Bytes uint64 }

// LinkTraffic is what a link has carried since it was made, as its namespace sees it.
type LinkTraffic struct {
	In, Out               Traffic
	InDropped, OutDropped uint64 // packets
}
