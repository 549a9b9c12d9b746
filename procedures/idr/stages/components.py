"""Connected components over match keys: hook to the smallest neighbour, jump, contract, repeat.

The order is re-drawn when two rounds leave more than 60 % of the edges: randomised contraction, Boegeholz, Brand and
Todor, "In-database connected component analysis" (2020), gives the expected O(log n) rounds.
"""

from __future__ import annotations

import random

from idr.errors import IdrError
from idr.stages.context import RunContext

_STALL_RATIO = 0.6
_PRIME = 2147483647


def components(ctx: RunContext, max_iters: int) -> int:
    """Reduce `idr_work.edge_0` to `first_hook(id, r)` and `later_hook(id, r)`; return the rounds.

    A node's component is what `later_hook` makes of what `first_hook` makes of it; either leaves nodes out that it does
    not move. IDR-301 after `max_iters` rounds.
    """
    edges = ctx.count("edge_0")
    rounds = stalls = redraws = 0
    while edges:
        if rounds == max_iters:
            raise IdrError.of(
                "IDR-301",
                f"{edges} edges are left after {rounds} rounds",
                where="components",
                fix="Nothing was published. Run again with a larger max_iters (30 suffices for any usual graph)",
            )
        ctx.heartbeat()
        names = {"edge_in": f"edge_{rounds}", "edge_out": f"edge_{rounds + 1}", "hook": f"hook_{rounds}"}
        if redraws:
            draw = random.Random(redraws)  # noqa: S311  (a seeded order, not a secret)
            order = {"factor": draw.randrange(1, _PRIME), "shift": draw.randrange(_PRIME)}
            ctx.run_file("components/hook_random", order, names)
        else:
            ctx.run_file("components/hook", names=names)
        ctx.run_file("components/contract", names=names)
        left = ctx.count(names["edge_out"])
        stalls = stalls + 1 if left > _STALL_RATIO * edges else 0
        if stalls == 2:
            redraws, stalls = redraws + 1, 0
        edges = left
        rounds += 1
    _fold(ctx, rounds)
    return rounds


def _fold(ctx: RunContext, rounds: int) -> None:
    """Fold the hooks of all rounds but the first, which has most of the rows and is better looked up than rewritten."""
    if rounds == 0:
        ctx.run_file("components/no_hook")
        ctx.table_names |= {"first_hook": "first_hook", "later_hook": "first_hook"}
        return
    current = f"hook_{rounds - 1}"
    for level in range(rounds - 2, 0, -1):
        target = f"map_{level}"
        ctx.run_file("components/fold", names={"hook": f"hook_{level}", "map_in": current, "map_out": target})
        current = target
    # after one round both are the same table: what it leaves are roots, which it does not move
    ctx.table_names |= {"first_hook": "hook_0", "later_hook": current}
