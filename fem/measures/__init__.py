"""What is reported of a solution: profiles, percentiles, process zones, balances."""
