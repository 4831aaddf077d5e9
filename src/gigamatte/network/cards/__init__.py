"""Networks as data: what is known about each one before its weights are installed."""
