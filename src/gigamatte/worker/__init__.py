"""One supervised child process that owns the device and the network: a crash costs one photo, never the caller."""
