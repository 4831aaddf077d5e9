"""Results of earlier runs that the next run can use: opt-in, on disk, found by a digest of what they depend on."""
