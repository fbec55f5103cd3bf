"""Pointwise laws: pure functions of numbers and arrays, with their tangents."""
