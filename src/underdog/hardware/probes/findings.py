"""What the probes saw, as findings of the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from underdog.hardware.doctor.finding import Finding, Severity
from underdog.hardware.probes.run import Probed, Result

OPTIONAL = {"triton-add", "product-bfloat16", "sum-bfloat16"}
"""Training can do without these: in float32 or float16, without torch.compile."""
WITHOUT_VENDOR = {"convolution": "convolution-native", "batch-norm": "batch-norm-native"}
BAD = {Result.WRONG, Result.RAISED, Result.CRASHED, Result.HUNG}
VERBS = {
    Result.WRONG: "computes wrong values",
    Result.RAISED: "fails",
    Result.CRASHED: "crashes",
    Result.HUNG: "hangs",
}
CURE = {
    "triton-add": "export TORCH_COMPILE_DISABLE=1",
    "product-bfloat16": "underdog plan --recipe tiny --dtype float16",
    "sum-bfloat16": "underdog plan --recipe tiny --dtype float16",
    "convolution": "underdog vision doctor  # torch.backends.cudnn.enabled = False",
    "batch-norm": "underdog vision doctor  # torch.backends.cudnn.enabled = False",
    "attention": 'use attn_implementation="eager"',
}
LINK = "https://github.com/unslothai/unsloth/issues/11614"


def probe_findings(probed: Sequence[Probed]) -> tuple[Finding, ...]:
    """One finding for each probe that went badly, one for all that went well."""
    return tuple(_findings(probed))


def _findings(probed: Sequence[Probed]) -> Iterator[Finding]:
    results = {each.name: each.result for each in probed}
    for each in probed:
        if each.result in BAD:
            yield _bad(each, results)
    right = [each for each in probed if each.result is Result.RIGHT]
    if right:
        device = next((each.device for each in right if each.device), "")
        yield Finding(
            "probes",
            Severity.GOOD,
            f"{len(right)} of {len(probed)} probes computed the right values",
            (device or "unknown device", *(f"{each.name}: {each.told}" for each in right)),
        )
    left = [each for each in probed if each.result is Result.UNAVAILABLE]
    if left:
        yield Finding(
            "probes-left-out",
            Severity.GOOD,
            f"{len(left)} probes do not apply here",
            tuple(f"{each.name}: {each.told}" for each in left),
        )


def _bad(probed: Probed, results: dict[str, Result]) -> Finding:
    other = WITHOUT_VENDOR.get(probed.name)
    way_round = other is not None and results.get(other) is Result.RIGHT
    mild = probed.name in OPTIONAL or way_round
    more = ("without the vendor's library the same computes rightly",) if way_round else ()
    return Finding(
        f"probe-{probed.name}",
        Severity.WARNING if mild else Severity.ERROR,
        f"The probe {probed.name} {VERBS[probed.result]}",
        (probed.told, *more),
        remedy=CURE.get(probed.name, "underdog doctor --no-probe  # then fix what it names first"),
        link=LINK,
    )
