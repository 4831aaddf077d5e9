"""Cuts hundreds to millions of photos: lists, names, cuts and verifies them. A stopped batch goes on where it was."""
