"""Locates the subject: a Photo becomes a CoarseMatte, at the network's own size."""
