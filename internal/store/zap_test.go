package store

import (
	"bytes"
	"errors"
	"log/slog"
	"regexp"
	"testing"

	"go.uber.org/zap"
)

func TestZapLogger(t *testing.T) {
	var out bytes.Buffer
	log := zapLogger(slog.New(slog.NewTextHandler(&out, nil)))
	log.Info("too little to tell")
	log.Warn("simple token is not cryptographically signed")
	log.Error("failed to update storage version", zap.Error(errors.New("cannot detect storage schema version: missing term information")))
	log.Warn("slow disk", zap.Int("took", 7), zap.String("took", "again"))
	log.With(zap.String("member", "a")).Error("failed", zap.Error(errors.New("disk is gone")))
	got := regexp.MustCompile(`(?m)^time=\S+ `).ReplaceAllString(out.String(), "")
	const want = `level=WARN msg="slow disk" from=etcd took=again
level=ERROR msg=failed from=etcd member=a error="disk is gone"
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
