"""Weights on this machine: found, fetched, verified, removed."""
