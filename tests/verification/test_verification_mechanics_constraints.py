"""The affine map ``w = P z + Q h`` behind all supports: its rank, its rows, its coarse space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mechanics_harness import Floats, Ints, nodes_on, structured_square
from scipy.sparse import block_diag, csr_matrix, identity, kron

from fem.physics.constraints import AffineMap, Constraints
from fem.spaces import Space

X, Y = 0, 1
BOTTOM, RIGHT, TOP, LEFT = range(4)


@cache
def square(n: int) -> Space:
    mesh = structured_square(n)
    return Space(mesh, np.arange(len(mesh.region)))


@dataclass(frozen=True)
class System:
    """Two squares in the same place, with conditions on their sides.

    u_x of both is held on `walls`, all of the first on `held`. The second follows the first less
    h n on `glued`, and slides there if asked to. The first moves as one along y on `floating`.
    """

    n: int
    walls: tuple[int, ...]
    held: int | None
    glued: int | None
    slides: bool
    floating: int | None

    @property
    def space(self) -> Space:
        return square(self.n)

    @property
    def size(self) -> int:
        return 2 * len(self.space)

    def nodes(self, side: int) -> Ints:
        return nodes_on(self.space.mesh, side)

    @property
    def normal(self) -> Floats:
        assert self.glued is not None
        return np.array([(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)][self.glued])

    @property
    def sliding(self) -> Ints:
        """Nodes that slide: not where a wall or a held side keeps both bodies back."""
        assert self.glued is not None
        fixed = [self.nodes(s) for s in (*self.walls, *([] if self.held is None else [self.held]))]
        return np.setdiff1d(self.nodes(self.glued), np.concatenate([[], *fixed]))

    @property
    def from_p1(self) -> csr_matrix:
        one = kron(self.space.from_p1, identity(2), format="csr")
        return block_diag([one, one], format="csr")

    def build(self) -> AffineMap:
        constraints = Constraints(2 * self.size, len(self.space))
        if self.glued is not None:
            nodes, normal = self.nodes(self.glued), self.normal
            for axis in (X, Y):
                second = self.size + 2 * nodes + axis
                constraints.follow(second, 2 * nodes + axis)
                constraints.jump(second, nodes, np.full(len(nodes), -normal[axis]))
            if self.slides and len(self.sliding):
                count = len(self.sliding)
                dofs = self.size + 2 * self.sliding[:, None] + np.arange(2)
                factors = np.tile([-normal[Y], normal[X]], count)
                which = np.repeat(np.arange(count), 2)
                constraints.unknowns(dofs.ravel(), which, factors, count, self.sliding)
        if self.floating is not None:
            dofs = 2 * self.nodes(self.floating) + Y
            constraints.bind(dofs)
            constraints.unknowns(dofs, np.zeros(len(dofs), dtype=int), np.ones(len(dofs)), 1)
        for side in self.walls:
            for start in (0, self.size):
                constraints.hold(start + 2 * self.nodes(side) + X)
        if self.held is not None:
            for axis in (X, Y):
                constraints.hold(2 * self.nodes(self.held) + axis)
        p1 = self.space.from_p1
        vertices = np.flatnonzero(np.diff(p1.indptr) == 1)
        of_column = np.empty(p1.shape[1], dtype=int)
        of_column[p1.indices[p1.indptr[vertices]]] = vertices
        shape = (len(self.space), len(self.space))
        midpoints = csr_matrix((p1.data, of_column[p1.indices], p1.indptr), shape=shape)
        return constraints.build(self.from_p1, midpoints, self.rigid)

    @property
    def rigid(self) -> Floats:
        """Both along x, along y, and turning about the corner."""
        x, y = self.space.mesh.nodes / self.space.mesh.nodes.max()
        zero, one = np.zeros(len(x)), np.ones(len(x))
        motions = [np.c_[one, zero], np.c_[zero, one], np.c_[-y, x]]
        return np.stack([np.tile(m.ravel(), 2) for m in motions], axis=1)


OPPOSITE = {BOTTOM: TOP, TOP: BOTTOM, LEFT: RIGHT, RIGHT: LEFT}


@st.composite
def systems(draw: st.DrawFn) -> System:
    """A floating side touches neither a held nor a glued one: its motion is its own."""
    sides = st.sampled_from(range(4))
    floating = draw(st.none() | sides)
    others = sides if floating is None else st.just(OPPOSITE[floating])
    held, glued = draw(st.none() | others), draw(st.none() | others)
    return System(
        n=draw(st.integers(1, 3)),
        walls=draw(st.sampled_from([(), (LEFT,), (RIGHT,), (LEFT, RIGHT)])),
        held=held,
        glued=glued,
        slides=draw(st.booleans()),
        floating=floating,
    )


@settings(max_examples=60, deadline=None)
@given(system=systems())
def test_no_unknown_is_redundant(system: System) -> None:
    """P and the coarse space have full column rank, so that P' K P is as definite as K."""
    affine = system.build()
    for matrix in (affine.matrix, affine.coarse_to_fine):
        assert np.linalg.matrix_rank(matrix.toarray()) == matrix.shape[1]
    assert affine.coarse_to_fine.shape[0] == affine.matrix.shape[1]
    assert affine.jump.shape == (2 * system.size, len(system.space))


@settings(max_examples=60, deadline=None)
@given(system=systems(), seed=st.integers(0, 2**32 - 1))
@example(system=System(2, (LEFT, RIGHT), None, TOP, True, BOTTOM), seed=0)  # like the cell
def test_every_condition_holds(system: System, seed: int) -> None:
    """Whatever z and h: held rows stay 0, glued rows part by -h n and slip, floating rows agree."""
    affine, random = system.build(), np.random.default_rng(seed)
    h = random.standard_normal(len(system.space))
    w = affine.matrix @ random.standard_normal(affine.matrix.shape[1]) + affine.jump @ h
    first, second = w.reshape(2, -1, 2)
    for side in system.walls:
        assert not first[system.nodes(side), X].any()
        assert not second[system.nodes(side), X].any()
    if system.held is not None:
        assert not first[system.nodes(system.held)].any()
    if system.floating is not None:
        motion = first[system.nodes(system.floating), Y]
        assert np.ptp(motion) == 0.0
        assert motion[0] != 0.0
    if system.glued is not None:
        nodes = system.nodes(system.glued)
        gap = second[nodes] - first[nodes] + h[nodes, None] * system.normal
        walls = [system.nodes(side) for side in system.walls]
        on_wall = np.isin(nodes, np.concatenate([[], *walls]))
        along = np.array([-system.normal[Y], system.normal[X]])
        across = gap @ system.normal
        if system.normal[Y] != 0.0:
            assert across == pytest.approx(0.0, abs=1e-12)
            if not system.slides:
                assert (gap @ along)[~on_wall] == pytest.approx(0.0, abs=1e-12)
        else:
            assert across[~on_wall] == pytest.approx(0.0, abs=1e-12)
        if system.slides:
            slid = np.isin(nodes, system.sliding)
            assert np.abs((gap @ along)[slid]).min(initial=1.0) > 0.0


@settings(max_examples=60, deadline=None)
@given(system=systems(), seed=st.integers(0, 2**32 - 1))
@example(system=System(2, (), None, TOP, True, None), seed=0)  # tangents along -x
def test_coarse_space_is_piecewise_linear(system: System, seed: int) -> None:
    """``P C y`` is the P1 interpolant of its own values at vertices, rows of slip and all.

    All sides are whole and straight here, so that conditions and interpolation commute.
    """
    affine, random = system.build(), np.random.default_rng(seed)
    y = random.standard_normal(affine.coarse_to_fine.shape[1])
    w = affine.matrix @ (affine.coarse_to_fine @ y)
    p1 = system.from_p1
    vertices = np.flatnonzero(np.diff(p1.indptr) == 1)
    of_column = np.empty(p1.shape[1], dtype=int)
    of_column[p1.indices[p1.indptr[vertices]]] = vertices
    np.testing.assert_allclose(w, p1 @ w[of_column], atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(system=systems(), slopes=st.tuples(*[st.floats(-2.0, 2.0)] * 4))
def test_coarse_space_holds_linear_fields(
    system: System, slopes: tuple[float, float, float, float]
) -> None:
    """A linear field of both bodies that meets the conditions is P C y for some y.

    u_x = a x (1 - wall), with a = 0 between two walls; u_y = b + c x + d y on the first body, the
    same on the second: it vanishes on a held side, and does not vary along a floating one.
    """
    a, b, c, d = slopes
    x, y = system.space.mesh.nodes / system.space.mesh.nodes.max()
    if system.walls == (LEFT, RIGHT) or system.held is not None:
        a = 0.0
    ux = a * (x - 1.0 if RIGHT in system.walls else x)
    uy = b + c * x + d * y
    distance = {BOTTOM: y, TOP: 1.0 - y, LEFT: x, RIGHT: 1.0 - x}
    if system.floating is not None:
        uy = b + d * distance[system.floating]
    if system.held is not None:
        uy = d * distance[system.held]
    w = np.tile(np.c_[ux, uy].ravel(), 2)
    affine = system.build()
    reach = (affine.matrix @ affine.coarse_to_fine).toarray()
    found = np.linalg.lstsq(reach, w, rcond=None)[0]
    np.testing.assert_allclose(reach @ found, w, atol=1e-10)


@settings(max_examples=30, deadline=None)
@given(system=systems())
def test_coarse_rigid_motions(system: System) -> None:
    """Where nothing is held or floats, P C R are the rigid motions of both bodies."""
    system = replace(system, walls=(), held=None, floating=None)
    affine = system.build()
    moved = affine.matrix @ (affine.coarse_to_fine @ affine.coarse_rigid)
    np.testing.assert_allclose(moved, system.rigid, atol=1e-12)
