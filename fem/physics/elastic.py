"""Elastic bodies: a space with its moduli, and the matrices that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fem.forms import mechanics as forms
from fem.geometry import Phase
from fem.laws.elasticity import lame
from fem.mesh import Ints, Mesh
from fem.parameters import Elastic
from fem.spaces import Space

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ElasticBody:
    """An elastic part of the cell: its space and Lame's constants of its triangles in Pa."""

    space: Space
    lam: Floats
    mu: Floats

    @classmethod
    def of(cls, mesh: Mesh, elastic: Elastic, elements: Ints) -> ElasticBody:
        """The body that `elements` of `mesh` make up."""
        lam, mu = lame(elastic.youngs_modulus, elastic.poisson_ratio)
        region = mesh.region[elements]
        return cls(Space(mesh, elements), lam[region], mu[region])

    @classmethod
    def composite(cls, mesh: Mesh, elastic: Elastic) -> ElasticBody:
        """Electrolyte and active material, bonded to each other."""
        lithium = mesh.geometry.phases[mesh.region] == Phase.LITHIUM
        return cls.of(mesh, elastic, np.flatnonzero(~lithium))

    @cached_property
    def stiffness(self) -> csr_matrix:
        """The stiffness matrix (2n, 2n) in Pa."""
        return forms.stiffness(self.space, self.lam, self.mu).tocsr()

    @cached_property
    def dilation(self) -> Floats:
        """Forces (2n,) of a unit out-of-plane strain, in N/m per m of depth."""
        return forms.dilation(self.space, self.lam)
