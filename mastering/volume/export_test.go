package volume

import (
	"context"

	"glassmaster/mastering/disc"
)

// Claimed is ClaimedByFiles by the descriptors alone.
func Claimed(ctx context.Context, d disc.Disc) (Claim, error) {
	return claimed(ctx, d, sessionsOf(ctx, d)), nil
}
