"""Networks as data: what is known about each before its weights are there."""
