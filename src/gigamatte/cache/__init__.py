"""What an earlier run worked out, so that the next one need not: opt-in, on disk, known by what it was made of."""
