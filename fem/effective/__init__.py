"""Effective conductivities of a microstructure without electrodes."""
