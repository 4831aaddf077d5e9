"""A local page to judge a batch's results: the most doubtful first, marked with a key."""
