"""Weak forms: residuals and tangents of charge, mechanics, and the interfaces between them."""
