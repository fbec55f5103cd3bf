"""What is done with a cell: one moment, a protocol in time, a lithium line that moves."""
