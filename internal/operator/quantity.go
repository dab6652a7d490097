package operator

import (
	"time"

	"github.com/gatewright/gatewright/internal/vpc"
)

// Amount is money in an operator's inputs. On the socket, and so in the audit, it is
// written in whole units of the site's currency, such as "0.078".
type Amount vpc.Money

// MarshalText writes whole units.
func (a Amount) MarshalText() ([]byte, error) { return []byte(vpc.Money(a).String()), nil }

// UnmarshalText reads what MarshalText wrote; an error says what an amount is.
func (a *Amount) UnmarshalText(text []byte) error {
	m, err := vpc.ParseMoney(string(text))
	*a = Amount(m)
	return err
}

// Span is a time in an operator's inputs, written as "1.5s".
type Span time.Duration

// MarshalText writes the time as time.Duration does.
func (s Span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText reads what time.ParseDuration takes, and returns its errors.
func (s *Span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = Span(d)
	return err
}
