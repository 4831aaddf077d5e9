"""Photos in tar shards, and results in shards again: the layout of WebDataset."""
