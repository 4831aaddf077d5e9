"""One supervised child process that owns the device and the network, so that a crash only loses one photo."""
