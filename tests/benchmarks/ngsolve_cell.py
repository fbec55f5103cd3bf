"""The protrusion cell (sharp feet) solved by NGSolve from geometry to potential; prints JSON.

    python tests/benchmarks/ngsolve_cell.py MAXH ORDER

Netgen's constructive 2D geometry, curved elements, sparse Cholesky; the cathode's potential is
eliminated from each Newton step. Lengths in um, currents in pA per um of depth.
"""

from __future__ import annotations

import json
import sys
import time

from netgen.geom2d import Circle, CSG2d, EdgeInfo, Rectangle, Solid2d
from ngsolve import (
    H1,
    BilinearForm,
    GridFunction,
    InnerProduct,
    Integrate,
    LinearForm,
    Mesh,
    Parameter,
    SetNumThreads,
    TaskManager,
    cosh,
    ds,
    dx,
    grad,
    sinh,
)

HALF = 96485.33212 / (2 * 8.314462618 * 303.15)
KAPPA, ANODE, CATHODE, APPLIED = 0.3e-6, 40.0e-12, 4.0e-12, 100e-12 * 420.0


def cell(h: float) -> CSG2d:
    drawing = CSG2d()
    electrolyte = Rectangle((0, 0), (420, 200), bc="wall")
    lithium = Rectangle((0, 200), (420, 250), bc="li")
    for x in (150, 210, 270):
        quarters = [(x + 12, 200), (x, 230), (x - 12, 200), (x, 170)]
        corners = [(x + 12, 230), (x - 12, 230), (x - 12, 170), (x + 12, 170)]
        ellipse = [
            item for p, c in zip(quarters, corners, strict=True) for item in (p, EdgeInfo(c))
        ]
        lithium += Solid2d(ellipse, bc="li")
        electrolyte -= Solid2d(ellipse, bc="li")
    groups = {"alive": None, "dead": None}
    for k in range(105):
        x, y = 10 + 20 * (k % 21), 10 + 20 * (k // 21)
        name = "alive" if 140 < x < 280 else "dead"
        disc = Circle((x, y), 5, mat="particle", bc=name).Maxh(2 * h)
        groups[name] = disc if groups[name] is None else groups[name] + disc
    for group in groups.values():
        electrolyte -= group
        drawing.Add(group)
    drawing.Add(electrolyte.Mat("electrolyte"))
    drawing.Add(lithium.Mat("lithium").Maxh(4 * h))
    return drawing


def solve(h: float, order: int) -> dict[str, float]:
    SetNumThreads(2)
    begin = time.perf_counter()
    mesh = Mesh(cell(h).GenerateMesh(maxh=4 * h, grading=0.3, optsteps2d=1))
    mesh.Curve(order)
    meshed = time.perf_counter()
    space = H1(mesh, order=order, definedon="electrolyte")
    u, v = space.TnT()
    phi, volt = GridFunction(space), Parameter(0.0)
    more = {"bonus_intorder": 4}
    form = BilinearForm(space, symmetric=True)
    form += KAPPA * grad(u) * grad(v) * dx("electrolyte")
    form += ANODE * sinh(HALF * u) * v * ds("li", **more)
    form += -CATHODE * sinh(HALF * (volt - u)) * v * ds("alive", **more)
    slope = CATHODE * HALF * cosh(HALF * (volt - phi))
    coupling = LinearForm(slope * v * ds("alive", **more))
    alive = mesh.Boundaries("alive")
    residual, one, two = (phi.vec.CreateVector() for _ in range(3))
    with TaskManager():
        for iterations in range(1, 81):  # noqa: B007 (reported)
            form.AssembleLinearization(phi.vec)
            form.Apply(phi.vec, residual)
            coupling.Assemble()
            stiffness = Integrate(slope, alive, order=2 * order + 6)
            current = Integrate(CATHODE * sinh(HALF * (volt - phi)), alive, order=2 * order + 6)
            inverse = form.mat.Inverse(space.FreeDofs(), inverse="sparsecholesky")
            one.data = inverse * residual
            two.data = inverse * coupling.vec
            change = APPLIED - current - InnerProduct(coupling.vec, one)
            change /= stiffness - InnerProduct(coupling.vec, two)
            one.data = -1 * one + change * two  # in this order: evaluated in place
            largest = max(abs(one.FV().NumPy()).max(), abs(change))
            step = min(1.0, 0.1 / largest)
            phi.vec.data += step * one
            volt.Set(volt.Get() + step * change)
            if largest < 1e-10:
                break
    return {
        "unknowns": space.ndof,
        "overpotential_V": volt.Get(),
        "iterations": iterations,
        "mesh_s": meshed - begin,
        "solve_s": time.perf_counter() - meshed,
    }


if __name__ == "__main__":
    print(json.dumps(solve(float(sys.argv[1]), int(sys.argv[2]))))
