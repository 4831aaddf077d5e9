"""Today's workflow, for users of other tools: inspect, prepare, smooth, preview, compare."""
