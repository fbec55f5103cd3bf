"""What touches, presses and is carried along: conflicts that the mechanics decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.case.operation import Snapshot
from fem.case.rules import refuse

if TYPE_CHECKING:
    from fem.case.model import Case
    from fem.case.physics import Mechanics


def check_solids(case: Case) -> None:
    """What touches and presses, against the mechanics."""
    mechanics, interfaces = case.mechanics, case.interfaces
    if not mechanics.enabled:
        for name, given in (("interfaces", interfaces.part), ("stack", case.stack is not None)):
            if given:
                raise refuse(
                    f"[{name}] needs the stress, while mechanics.enabled is false",
                    key=name,
                    cure=f"set enabled = true below [mechanics], or remove [{name}]",
                )
    if case.stack is not None and mechanics.top != "free":
        raise refuse(
            "what presses on the top is said twice, by [stack] and by mechanics.top",
            key="mechanics.top",
            given=mechanics.top,
            cure="keep [stack], and remove top and stack_pressure below [mechanics]",
        )
    wiring = case.geometry.wiring
    if getattr(wiring, "fading", False) and not interfaces.particle_particle.parts:
        raise refuse(
            "contacts fade as faces of particles part, which a perfect bond keeps together",
            key=f"geometry.{case.geometry.source or 'cathode'}.wiring.fading",
            given=True,
            cure='set bond = "none" or "cohesive" below [interfaces.particle_particle], or remove '
            "fading",
        )
    if interfaces.lithium_electrolyte.parts:
        _lithium_parts(mechanics)
        fading = case.geometry.anode.fading
        if fading is not None:
            raise refuse(
                "a foil that is used up in places leaves gaps that nothing fills, which "
                "interfaces.lithium_electrolyte does not know of",
                key="geometry.anode.fading",
                given=fading,
                cure="remove fading below [geometry.anode], or [interfaces.lithium_electrolyte]",
            )
    if interfaces.part and mechanics.coupling != "none" and isinstance(case.operation, Snapshot):
        raise refuse(
            "where faces may part, the stress that acts back on reactions is found step by step, "
            "and a snapshot is one step of any length",
            key="mechanics.coupling",
            given=mechanics.coupling,
            allowed='"none"',
            cure='set coupling = "none" below [mechanics], or kind = "protocol" below [operation]',
        )


def _lithium_parts(mechanics: Mechanics) -> None:
    """Refuse models of lithium without a face that could part, and what says the same twice."""
    why = {
        "rigid": "rigid lithium keeps its shape: over an electrolyte that bends it would hang on a "
        "few points, and no gap would ever close by flow or by pressure",
        "yielded": "yielded lithium presses with one pressure a deposit, as a liquid that fills "
        "every gap: it touches everywhere, or nowhere",
    }
    for model in mechanics.lithium_models:
        if model in why:
            first = model == mechanics.lithium
            raise refuse(
                f"{why[model]}, so interfaces.lithium_electrolyte has no meaning",
                key="mechanics.lithium" if first else "mechanics.compare_lithium",
                given=model,
                allowed='"elastic" or "viscoplastic"',
                cure='set lithium = "elastic" below [mechanics], or bond = "perfect" below '
                "[interfaces.lithium_electrolyte]",
            )
    if mechanics.contact != "stick":
        raise refuse(
            "how lithium holds on to the electrolyte is said twice, by mechanics.contact and by "
            "interfaces.lithium_electrolyte",
            key="mechanics.contact",
            given=mechanics.contact,
            cure="remove contact below [mechanics]: faces without a bond slide, but for their "
            "friction",
        )


def check_carried(case: Case) -> None:
    """Refuse what does not move along with a lithium surface that solids carry."""
    mechanics, stack = case.mechanics, case.stack
    refused: tuple[tuple[str, bool, object, str, str], ...] = (
        (
            "mechanics.lithium",
            mechanics.lithium == "yielded",
            mechanics.lithium,
            '"rigid", "elastic" or "viscoplastic"',
            'set lithium = "viscoplastic" below [mechanics]',
        ),
        (
            "mechanics.compare_lithium",
            bool(mechanics.compare_lithium),
            list(mechanics.compare_lithium),
            "no model to compare with",
            "remove compare_lithium, and run the case once with each model",
        ),
        (
            "mechanics.coupling",
            mechanics.coupling != "none",
            mechanics.coupling,
            '"none"',
            'set coupling = "none" below [mechanics]',
        ),
        (
            "mechanics.kinematics",
            mechanics.kinematics != "plane strain",
            mechanics.kinematics,
            '"plane strain"',
            'set kinematics = "plane strain" below [mechanics]',
        ),
        (
            "mechanics.swelling",
            mechanics.swelling,
            True,
            "false",
            "remove swelling below [mechanics]",
        ),
        (
            "interfaces",
            case.interfaces.part,
            "faces that may part",
            "bonds that are perfect",
            "remove [interfaces]",
        ),
        (
            "stack.stiffness",
            stack is not None and stack.stiffness > 0,
            None if stack is None else stack.stiffness,
            '"0 MPa/mm": dead weight',
            "remove stiffness below [stack]",
        ),
    )
    for key, wrong, given, allowed, cure in refused:
        if wrong:
            raise refuse(
                "this does not move along with a lithium surface yet "
                '(geometry.anode.motion = "moved" with mechanics.enabled)',
                key=key,
                given=given,
                allowed=allowed,
                cure=f'{cure}, or set motion = "kept" below [geometry.anode]',
            )
