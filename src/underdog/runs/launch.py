"""How this process was started: alone, or as one of several by `torchrun` or `accelerate launch`.

In: environment variables. Out: a Launch. Never: torch, a connection.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

FSDP = "FSDP"
_SHARDING = {
    "ACCELERATE_USE_FSDP": FSDP,
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
    "ACCELERATE_USE_PARALLELISM_CONFIG": "a parallelism config",
}
"""What accelerate's launcher sets for ways of cutting up the model itself."""


@dataclass(frozen=True, slots=True)
class Launch:
    """`rank` counts from 0 to below `count`; `local_count` of the processes are on this machine.
    `sharding` names a way of cutting up the model that was asked for, or is None.
    """

    rank: int
    count: int
    local_count: int
    sharding: str | None


def read_launch(environment: Mapping[str, str] = os.environ) -> Launch:
    """As the launcher's variables say; alone where they are not all there."""
    sharding = next(
        (name for key, name in _SHARDING.items() if environment.get(key, "").lower() == "true"),
        None,
    )
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= set(environment):
        return Launch(0, 1, 1, sharding)
    count = int(environment["WORLD_SIZE"])
    local = int(environment.get("LOCAL_WORLD_SIZE", count))
    return Launch(int(environment["RANK"]), count, local, sharding)
