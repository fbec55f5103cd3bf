"""Solvers that know matrices and functions, and no physics."""
