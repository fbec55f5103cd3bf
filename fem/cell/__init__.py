"""The composed cell: regions, interfaces, terminals, state, and how physics act on each other."""
