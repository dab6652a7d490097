package store

import (
	"context"
	"log/slog"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// bridge sends etcd's warnings and errors to a slog.Logger. etcd logs keys and sizes,
// never values.
type bridge struct {
	log *slog.Logger
}

func zapLogger(log *slog.Logger) *zap.Logger {
	return zap.New(bridge{log.With("from", "etcd")})
}

// quiet are warnings about our own choices, which nobody needs to act on.
var quiet = map[string]bool{
	"Running http and grpc server on single port. This is not recommended for production.": true,
	"check file permission":                        true,
	"simple token is not cryptographically signed": true,
	// The address that it publishes is nobody's; it tries thousands of times in a second while
	// it reads its own log again.
	"failed to publish local member to cluster through raft": true,
}

func (bridge) Enabled(level zapcore.Level) bool { return level >= zapcore.WarnLevel }

func (b bridge) With(fields []zapcore.Field) zapcore.Core {
	return bridge{b.log.With(attrs(fields)...)}
}

func (b bridge) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if b.Enabled(e.Level) && !quiet[e.Message] {
		return c.AddCore(e, b)
	}
	return c
}

// unwritten is what etcd says of a new database that it looks at before the first
// commit is on disk. It looks again a few seconds later.
const unwritten = "missing term information"

func (b bridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		if err, ok := f.Interface.(error); ok && strings.Contains(err.Error(), unwritten) {
			return nil
		}
	}
	level := slog.LevelWarn
	if e.Level > zapcore.WarnLevel {
		level = slog.LevelError
	}
	b.log.Log(context.Background(), level, e.Message, attrs(fields)...)
	return nil
}

func (bridge) Sync() error { return nil }

func attrs(fields []zapcore.Field) []any {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(enc)
	}
	out := make([]any, 0, len(enc.Fields))
	for _, f := range fields {
		if v, ok := enc.Fields[f.Key]; ok {
			out = append(out, slog.Any(f.Key, v))
			delete(enc.Fields, f.Key)
		}
	}
	return out
}
