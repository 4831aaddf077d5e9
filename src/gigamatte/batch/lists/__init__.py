"""Which photos a batch has: folders, stores, lists and inventories, one photo at a time."""
