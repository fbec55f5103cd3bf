"""The two-level solver and Newton's method, without any physics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_array, coo_matrix, csr_matrix, diags, eye
from skfem import Basis, ElementTriP2, MeshTri
from skfem.models.poisson import laplace, mass

import fem
from fem.solve import linear
from fem.solve.condense import dissected
from fem.solve.linear import DIRECT, MULTIGRID, Factorised, TwoLevel
from fem.solve.newton import Newton, minimise


def p2_problem(n):
    """Laplace plus a little mass on the unit square, and P1 as P2."""
    mesh = MeshTri.init_tensor(np.linspace(0, 1, n), np.linspace(0, 1, n))
    basis = Basis(mesh, ElementTriP2())
    matrix = (laplace.assemble(basis) + 0.1 * mass.assemble(basis)).tocsr()
    nv = mesh.nvertices
    ends = mesh.facets
    rows = np.r_[np.arange(nv), np.tile(nv + np.arange(ends.shape[1]), 2)]
    columns = np.r_[np.arange(nv), ends[0], ends[1]]
    values = np.r_[np.ones(nv), np.full(2 * ends.shape[1], 0.5)]
    return matrix, coo_matrix((values, (rows, columns)), shape=(matrix.shape[0], nv)).tocsr()


def with_global_unknown(matrix, up):
    """Ties one more unknown to half of the nodes, as an electrode potential is."""
    n = matrix.shape[0]
    ties = np.zeros((n, 1))
    ties[: n // 2] = 30.0 / n
    coupled = block_array(
        [[matrix + diags(ties[:, 0]), csr_matrix(-ties)], [csr_matrix(-ties.T), [[ties.sum()]]]]
    )
    return coupled.tocsr(), block_array([[up, None], [None, eye(1)]]).tocsr()


def test_factors_in_an_order_solve_the_same():
    """Nested dissection, whatever the coordinates say, and rows backwards."""
    matrix, _ = p2_problem(17)
    points = np.random.default_rng(0).random((2, matrix.shape[0]))
    for order in (dissected(matrix, points), np.arange(matrix.shape[0])[::-1]):
        assert np.array_equal(np.sort(order), np.arange(matrix.shape[0]))
        rhs = np.random.default_rng(1).standard_normal((matrix.shape[0], 3))
        found = Factorised(matrix, order).precondition(rhs)
        assert matrix @ found == pytest.approx(rhs, abs=1e-10)
        assert found[:, 1] == pytest.approx(Factorised(matrix).precondition(rhs[:, 1]), rel=1e-9)


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("tied", [False, True])
def test_iterations_do_not_grow_with_the_mesh(monkeypatch, direct, tied):
    """About ten for ten digits, at four times the unknowns too, with a global unknown too."""
    monkeypatch.setattr(linear, "LARGEST_DIRECT", 10**9 if direct else 100)
    counts = []
    for n in (17, 33):
        matrix, up = p2_problem(n)
        if tied:
            matrix, up = with_global_unknown(matrix, up)
        exact = np.random.default_rng(1).standard_normal(matrix.shape[0])
        solver = TwoLevel(matrix, up)
        result = solver.solve(matrix @ exact, 1e-10)
        assert solver.method == (DIRECT if direct else MULTIGRID)
        assert np.abs(result.solution - exact).max() < 1e-6
        counts.append(result.iterations)
    assert max(counts) <= (14 if direct else 26)
    assert counts[1] <= counts[0] + 4


def test_preconditioner_is_symmetric():
    """Conjugate gradients need x' M y = y' M x."""
    matrix, up = with_global_unknown(*p2_problem(9))
    solver = TwoLevel(matrix, up)
    x, y = np.random.default_rng(2).standard_normal((2, matrix.shape[0]))
    assert x @ solver.precondition(y) == pytest.approx(y @ solver.precondition(x), rel=1e-10)


def test_zero_load_needs_no_iteration():
    matrix, up = p2_problem(9)
    result = TwoLevel(matrix, up).solve(np.zeros(matrix.shape[0]))
    assert result.iterations == 0
    assert not result.solution.any()


def test_a_stall_is_an_error(monkeypatch):
    """Three iterations are not enough for twelve digits."""
    monkeypatch.setattr(linear, "MAX_ITERATIONS", 3)
    matrix, up = p2_problem(9)
    with pytest.raises(fem.SolveError, match="stalled after 3 iterations"):
        TwoLevel(matrix, up).solve(np.ones(matrix.shape[0]), 1e-12)


@settings(max_examples=60, deadline=None)
@given(
    target=st.floats(-1e6, 1e6),
    stiffness=st.floats(1e-8, 1e3),
    exponent=st.floats(-80.0, 80.0),
    steepness=st.floats(0.1, 40.0),
)
def test_newton_minimises_any_convex_energy(target, stiffness, exponent, steepness):
    """``k x + sinh(a x) = b`` has one root; it is found even from far up the exponential."""

    def residual(x):
        return stiffness * x + np.sinh(np.clip(steepness * x, -600, 600)) - target

    def tangent(x):
        return csr_matrix([[stiffness + steepness * np.cosh(np.clip(steepness * x[0], -600, 600))]])

    def solve(matrix, rhs, tolerance):
        return rhs / matrix[0, 0]

    scale = max(abs(target), 1.0)
    found = minimise(
        residual, tangent, solve, np.array([exponent / steepness]), scale, "x", Newton(1e-12)
    )
    assert abs(residual(found.solution)[0]) <= 1e-9 * scale


def test_newton_reports_where_it_failed():
    """Three iterations are not enough to come down from exp(40); the message names the field."""

    def residual(x):
        return np.exp(x) - 1.0

    def tangent(x):
        return csr_matrix(np.exp([x]))

    def solve(matrix, rhs, tolerance):
        return rhs / matrix[0, 0]

    start = np.array([40.0])
    with pytest.raises(fem.SolveError, match="field phi_e") as caught:
        minimise(residual, tangent, solve, start, 1.0, "phi_e", Newton(1e-12, 3))
    assert caught.value.cures
