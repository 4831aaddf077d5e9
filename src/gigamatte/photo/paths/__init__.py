"""The paths that a picture's file holds: found, read without trust, and filled."""
