package volume

import (
	"context"

	"glassmaster/mastering/disc"
)

// Claimed is like ClaimedByFiles, but reads the descriptors only.
func Claimed(ctx context.Context, d disc.Disc) (Claim, error) {
	return claimed(ctx, d, sessionsOf(ctx, d)), nil
}
