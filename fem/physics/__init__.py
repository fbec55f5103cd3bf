"""Boundary value problems: the spaces, terminals and constraints that close the weak forms."""
