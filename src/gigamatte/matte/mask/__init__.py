"""Masks that a user gives instead of the network's answer, and corrections by hand."""
