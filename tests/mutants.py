"""Faults, one at a time: how many of them do the tests find?

    python tests/mutants.py [--only NAME ...] [--workers 2]

Each fault changes one line of laws, forms, state blocks or ledgers in a copy of the repository,
where the tests that are nearest to it run first, then the whole default run; the first failure ends
it. A fault that no test finds is printed as such, and the exit status is the number of those.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Fault:
    """One line that is wrong: `right` becomes `wrong` in `file`; `near` are tests to run first."""

    name: str
    file: str
    right: str
    wrong: str
    near: str


LAWS, FORMS = "tests/laws", "tests/verification tests/physics"
STATE = "tests/simulation tests/output tests/solve"
CONTACT = " ".join(f"tests/verification/test_verification_contact_{k}.py" for k in
                   ("closed", "bonds"))  # fmt: skip
MERGING = "tests/simulation/test_merging.py tests/simulation/test_moving_lines.py"
FAULTS = (
    Fault("tangent of Butler-Volmer", "fem/laws/kinetics.py",
          "kinetics.anodic * forward_slope + kinetics.cathodic * backward_slope",
          "kinetics.anodic * forward_slope - kinetics.cathodic * backward_slope", LAWS),
    Fault("tangent behind a resistance", "fem/laws/kinetics.py",
          "return current, slope / (1.0 + resistance * slope)", "return current, slope", LAWS),
    Fault("ohmic part of an overpotential", "fem/laws/kinetics.py",
          "return np.asarray(eta + ohmic)", "return np.asarray(eta)", LAWS),
    Fault("exponents of the exchange current", "fem/laws/intercalation.py",
          "inside ** (1.0 - empty) * (1.0 - inside) ** empty",
          "inside**empty * (1.0 - inside) ** (1.0 - empty)", LAWS),
    Fault("derivative by the exchange current", "fem/laws/intercalation.py",
          "share * slope, share * current / factor", "share * slope, current / factor", LAWS),
    Fault("slope of the potential", "fem/laws/interfaces.py",
          "by_factor * factor_slope - by_eta * rest_slope",
          "by_factor * factor_slope + by_eta * rest_slope", LAWS),
    Fault("sign of the pressure", "fem/laws/interfaces.py",
          "-self.molar_volume / FARADAY * state[PRESSURE]",
          "self.molar_volume / FARADAY * state[PRESSURE]", LAWS),
    Fault("bulk modulus", "fem/laws/elasticity.py", "lam + 2.0 / 3.0 * mu", "lam + 1.0 / 3.0 * mu",
          LAWS),
    Fault("elastic energy", "fem/laws/elasticity.py", "** 2) / (4.0 * mu)", "** 2) / (2.0 * mu)",
          LAWS),
    Fault("flaw without its shape", "fem/laws/fracture.py", "toughness / (shape_factor * np.sqrt",
          "toughness / (np.sqrt", LAWS),
    Fault("yield in shear", "fem/laws/fracture.py", "yield_strength / np.sqrt(3.0)",
          "yield_strength / 2.0", LAWS),
    Fault("bound of a mixture", "fem/laws/mixtures.py", "(sigma + low)).sum()) - low",
          "(sigma + low)).sum()) - high", LAWS),
    Fault("slope of a shape function", "fem/forms/interface.py", "4 * xi - 3, 4 * xi - 1, 4 - 8",
          "4 * xi - 3, 4 * xi - 2, 4 - 8", FORMS),
    Fault("direction of normals", "fem/forms/interface.py",
          "for component in (tangents[1], -tangents[0])",
          "for component in (-tangents[1], tangents[0])", FORMS),
    Fault("diffusivity squared", "fem/forms/diffusion.py", "(diffusivity * space.basis.dx)",
          "(diffusivity**2 * space.basis.dx)", FORMS),
    Fault("coupling of shear", "fem/forms/mechanics.py", "la * sxy + m * sxy.transpose(0, 2, 1)",
          "la * sxy.transpose(0, 2, 1) + m * sxy", FORMS),
    Fault("half of the shear strain", "fem/forms/mechanics.py", "slope[0, 1] + slope[1, 0]",
          "slope[0, 1]", FORMS),
    Fault("swelling in two directions", "fem/forms/mechanics.py", "swelling) / 3.0",
          "swelling) / 2.0", FORMS),
    Fault("half of an axis' shear", "fem/laws/swelling.py", "2.0 * apart * x * y", "apart * x * y",
          FORMS),
    Fault("conductivity squared", "fem/forms/charge.py", "w.kappa * dot(", "w.kappa**2 * dot(",
          FORMS),
    Fault("rates left out of checkpoints", "fem/cell/state.py",
          '("held", self.held), ("rate", self.rate)', '("held", self.held), ("rate", None)', STATE),
    Fault("second stage of a step", "fem/solve/stepping.py",
          "(WEIGHT * dt, rate), (WEIGHT * dt, middle.rate)",
          "(WEIGHT * dt, rate), (WEIGHT * dt, rate)", "tests/solve"),
    Fault("estimate of the error", "fem/solve/stepping.py", "WEIGHT - (1.0 - WEIGHT) / 3.0",
          "WEIGHT - (1.0 - WEIGHT) / 2.0", "tests/solve"),
    Fault("charge of a particle", "fem/cell/particles.py", "given + c * flow",
          "given + 0.5 * c * flow", STATE),
    Fault("no error of the stoichiometry", "fem/cell/particles.py",
          "            1.0 / tolerance,\n            model.at_surface()",
          "            0.0,\n            model.at_surface()", "tests/verification/test_time.py"),
    Fault("no limit on the change of surfaces", "fem/cell/particles.py",
          "model.at_surface() / change_limit", "0.0", STATE),
    Fault("lithium lost to rounding", "fem/physics/stages.py",
          "found += (missing / self._weights.sum(axis=1)[:, None])[:, None]", "pass", FORMS),
    Fault("ledger of lithium", "fem/cell/ledger.py", "self.in_particles + self.plated",
          "self.in_particles", STATE),
    Fault("ledger of charge", "fem/cell/ledger.py", "self.cathode + self.anode",
          "0.0 * self.anode", STATE),
    Fault("work of plating", "fem/cell/ledger.py", "0.5 * float((old.plating_forces",
          "1.0 * float((old.plating_forces", STATE),
    Fault("work of swelling", "fem/cell/ledger.py", "-_swelling_work(old, new)",
          "_swelling_work(old, new)", STATE),
    Fault("work of crystals", "fem/cell/ledger.py", "new.stress()) * change).sum(axis=0)",
          "new.stress()) * change)[:3].sum(axis=0)", STATE),
    Fault("a wire of no drop", "fem/physics/layout.py", "first[terminal] + wire)", "-1)", FORMS),
    Fault("a power of another voltage", "fem/physics/equations.py",
          "value[place] -= power / z[place]", "value[place] -= power / 3.9", STATE),
    Fault("energy by the end of a step", "fem/runs/steps.py", "(WEIGHT, WEIGHT, DIAGONAL)",
          "(0.0, 0.0, 1.0)", STATE),
    Fault("corners that are cut", "fem/runs/protocol.py",
          "return min(self.end, float(following[0])) if len(following) else self.end",
          "return self.end", STATE),
    Fault("a run that never stops", "fem/runs/loop.py", "return why in LIMITS and",
          "return False and", STATE),
    Fault("totals that are not imposed", "fem/physics/equations.py",
          "density + main * shift[terminal][..., None]", "density", FORMS),
    Fault("the dead still react", "fem/cell/interfaces.py",
          "np.asarray(held[self.inactivity_name] == 0.0)",
          "np.asarray(held[self.inactivity_name] >= 0.0)", STATE),
    Fault("charge lost with a mesh", "fem/runs/carried.py", "carried = transferred(in_order(",
          "carried = 0.999 * transferred(in_order(", STATE),
    Fault("thickness that a line loses", "fem/cell/lithium.py",
          "self.followed.thickness + self.since(content)", "self.since(content)", MERGING),
    Fault("lithium from closed gaps", "fem/runs/growth.py", "lacking[group] * lengths / whole",
          "0.0 * lacking[group] * lengths / whole", MERGING),
    Fault("lithium through the cathode", "fem/runs/growth.py", "gap.width <= REACHED * size",
          "gap.width <= 0.0 * size", MERGING),
    Fault("pressure that helps", "fem/cell/stress.py", "-c * by_charge if c", "c * by_charge if c",
          STATE),
    Fault("sign of the gap", "fem/physics/faces.py", "((0, -1.0), (1, 1.0))",
          "((0, 1.0), (1, -1.0))", CONTACT),
    Fault("weights of pairs", "fem/physics/bonds.py",
          "local = self.edges.weights @ self.edges.shapes.T",
          "local = self.edges.weights @ np.full((4, 3), 1 / 3)", CONTACT),
    Fault("secant of a bond", "fem/laws/bonds.py", "secant = falling / inside",
          "secant = falling / self.last", LAWS),
    Fault("damage that heals", "fem/laws/bonds.py",
          "most = np.where(grows, before + share * (reach - before), before)",
          "most = before + share * (reach - before)", LAWS),
    Fault("friction without its force", "fem/physics/parting.py",
          "r[slips] += rub * np.maximum(r[gaps], 0.0)", "r[slips] += 0.0 * rub", CONTACT),
    Fault("bonds break late", "fem/laws/bonds.py", "traction[SLIP]) > self.strength)",
          "traction[SLIP]) > 2.0 * self.strength)", LAWS),
    Fault("a jump that is not told", "fem/physics/jumps.py",
          "rises = np.maximum.accumulate(force) - force", "rises = 0.0 * force", CONTACT),
    Fault("a snapshot without its time", "fem/runs/snapshot.py",
          "float(_operation(cell.case).plating_time)",
          "0.5 * float(_operation(cell.case).plating_time)", STATE),
)  # fmt: skip


CONTROL = Fault("nothing at all", "fem/__init__.py", "__all__ = [", "__all__ = [", "tests")
"""A copy without a fault, which must pass: else what fails is the copy."""


def found_by(fault: Fault, workers: str) -> str:
    """The first test that fails with a fault; empty if none does."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
        path = copy / fault.file
        text = path.read_text(encoding="utf-8")
        if text.count(fault.right) != 1:
            raise SystemExit(f"{fault.name}: {fault.right!r} must stand once in {fault.file}")
        path.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
        for where in (fault.near.split(), ["tests"]):
            done = subprocess.run(
                [
                    sys.executable, "-m", "pytest", "-x", "-n", workers, "-p", "no:cacheprovider",
                    "--deselect", "tests/test_structure.py", *where,
                ],
                cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            # Stopping at the first failure counts as an interruption.
            lines = done.stdout.splitlines()
            failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
            if failed:
                return failed[0][:110]
            if done.returncode not in (0, 5):
                raise SystemExit(
                    f"{fault.name}: pytest ended with {done.returncode}\n{done.stdout}"
                )
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", help="names of faults")
    parser.add_argument("--workers", default="auto", help="processes of pytest")
    given = parser.parse_args()
    chosen = [f for f in FAULTS if given.only is None or f.name in given.only]
    missed = 0
    if given.only is None and (failed := found_by(CONTROL, given.workers)):
        raise SystemExit(f"the tests fail without any fault: {failed}")
    for fault in chosen:
        began = time.perf_counter()
        found = found_by(fault, given.workers)
        missed += not found
        print(
            f"{'found ' if found else 'MISSED'} {time.perf_counter() - began:5.0f} s  "
            f"{fault.name:36s} {found}", flush=True,
        )  # fmt: skip
    print(f"{len(chosen) - missed} of {len(chosen)} found")
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
