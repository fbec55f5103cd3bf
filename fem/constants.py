"""Physical constants, exact in the SI of 2019."""

FARADAY = 96485.33212331001
"""Faraday constant F in C/mol (e times the Avogadro constant)."""

GAS_CONSTANT = 8.31446261815324
"""Molar gas constant R in J/(mol K)."""

ZERO_CELSIUS = 273.15
"""0 degC in K."""
