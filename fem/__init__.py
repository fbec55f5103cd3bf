"""Finite-element electro-chemo-mechanics of all-solid-state batteries."""
