package main

import (
	"fmt"
	"io"
	"strings"
)

// picture draws the ways from desk and traveller to the workload.
func picture(w io.Writer, o *office, r *traveller) {
	row := func(left, right string) {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("     %-40s%s", left, right), " "))
	}
	fmt.Fprintln(w)
	row("desk      "+deskAddr, "")
	row("  |", "")
	row("office    "+officeAddr, "traveller  "+travellerAddr)
	row("  |       strongSwan of the distribution", "  |        OpenVPN, one downloaded file")
	row("  |", "  |")
	row("==|== the internet: a bridge, "+uplinkAddr+"/24 ", "==|==")
	row("  |", "  |")
	row("gateway   "+o.public, "gateway    "+r.outside)
	row("  |       "+o.gateway, "  |        "+r.door)
	row("  |       charon in its own namespace", "  |        OpenVPN in its own namespace")
	row("  |", "  |")
	row("router    "+o.vpc+", "+siteRange+" ", fmt.Sprintf("--+        %d Mbit/s each", megabits))
	row("  |", "")
	row("workload  "+o.inside, "")
}
