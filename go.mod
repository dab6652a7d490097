module github.com/gatewright/gatewright

go 1.26
