"""A function of the lithium fraction x written as text, such as ``4.2 - 0.8*x + 0.02*tanh(x)``.

The text is parsed into a tree of numbers, x, the five operations and a few functions; nothing
else gets through, and nothing is ever executed. Powers may be written ``x^2`` or ``x**2``, names
of functions also in capitals.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

OPERATIONS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Add: np.add,
        ast.Sub: np.subtract,
        ast.Mult: np.multiply,
        ast.Div: np.divide,
        ast.Pow: np.power,
    }
)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent; of complex numbers to first order in their imaginary parts.

    That is all that `complex_step` asks for, in a tenth of the time.
    """
    if not np.iscomplexobj(x):
        return np.asarray(np.tanh(x))
    value = np.tanh(x.real)
    return np.asarray(value + 1j * (1.0 - value**2) * x.imag)


# All of them continue to complex numbers, on which the exact slope rests.
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "exp": np.exp,
        "log": np.log,
        "log10": np.log10,
        "sqrt": np.sqrt,
        "tanh": tanh,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "sin": np.sin,
        "cos": np.cos,
        "atan": np.arctan,
    }
)
DEEPEST = 200
"""Levels of nesting; a sum of so many terms has so many."""
LARGEST = 1e300
_STEP = 1e-30


@dataclass(frozen=True)
class Formula:
    """A function of x given as text; holds wherever it is finite.

    Raises
    ------
    ValueError
        If the text is not a formula; the message says what is wrong in it.
    """

    text: str
    lower: ClassVar[float] = 0.0
    upper: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        _tree(self.text)

    def function(self, x: Array) -> Array:
        """The values at `x` (real or complex); not finite where the formula has none."""
        # Whoever reads a formula checks it over its window; no warning is owed beyond.
        with np.errstate(all="ignore"):
            value: Array = _value(_tree(self.text), x) + np.zeros_like(x)
        return value

    def slope(self, x: Array) -> Array:
        """The derivative at the real `x`."""
        return complex_step(self.function, x)


def complex_step(function: Callable[[Array], Array], x: Array) -> Array:
    """The derivative of an analytic `function` at real `x`, exact to rounding."""
    value: Array = function(x + 1j * _STEP).imag / _STEP
    return value


@cache
def _tree(text: str) -> ast.expr:
    """The checked syntax tree of a formula."""
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" near position {error.offset}" if isinstance(error, SyntaxError) else ""
        raise ValueError(f"not a formula: it cannot be read{place}") from None
    _check(tree, 0)
    return tree


def _check(node: ast.expr, depth: int) -> None:
    """Raise a `ValueError` unless everything in the tree is on the lists above."""
    if depth > DEEPEST:
        raise ValueError(f"nested more than {DEEPEST} levels deep")
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        if abs(node.value) > LARGEST:  # type: ignore[arg-type]
            raise ValueError(f"a number beyond {LARGEST:g}")
        return
    if isinstance(node, ast.Name) and node.id == "x":
        return
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        _check(node.operand, depth + 1)
        return
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        _check(node.left, depth + 1)
        _check(node.right, depth + 1)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id.lower() not in FUNCTIONS:
            raise ValueError(f"there is no function {node.func.id!r}")
        if len(node.args) != 1 or node.keywords:
            raise ValueError(f"{node.func.id} takes one argument")
        _check(node.args[0], depth + 1)
        return
    if isinstance(node, ast.Name):
        raise ValueError(f"{node.id!r} is neither x nor a function with its argument")
    raise ValueError(f"{ast.unparse(node)!r} is not allowed in a formula")


def _value(node: ast.expr, x: Array) -> Any:
    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        value = _value(node.operand, x)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        return OPERATIONS[type(node.op)](_value(node.left, x), _value(node.right, x))
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id.lower()](_value(node.args[0], x))
    return x
