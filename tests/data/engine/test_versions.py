"""Versions on other machines."""

from __future__ import annotations

import platform

import pytest

from underdog import __version__
from underdog.data.engine.versions import NAMES, check_versions, read_versions, version_reader
from underdog.errors import InputError

HERE = {"Python": "3.11", "underdog": "1.2.3", "numpy": "2.0", "rensa": "0.5"}


def test_equal_versions_pass() -> None:
    """Also in another order; with any one of them changed they do not."""
    there = dict(reversed(HERE.items()))
    check_versions(HERE, there, where="10.0.0.7")
    for name in HERE:
        with pytest.raises(InputError, match=f"{name} .* as on this machine; got 0"):
            check_versions(HERE, there | {name: "0"}, where="10.0.0.7")


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (
            {**HERE, "underdog": "1.2.2", "numpy": "1.0"},
            "10.0.0.7: underdog 1.2.3, as on this machine; got 1.2.2",
        ),
        (
            {"Python": "3.11"},
            "10.0.0.7: underdog 1.2.3, as on this machine; got a machine without it",
        ),
        ({**HERE, "Python": "3.12"}, "10.0.0.7: Python 3.11, as on this machine; got 3.12"),
        ({**HERE, "ftfy": "6.3"}, "10.0.0.7: ftfy not installed, as on this machine; got 6.3"),
    ],
)
def test_the_first_difference_is_named_underdog_before_all(
    there: dict[str, str], message: str
) -> None:
    """With what to install on the other machines."""
    hint = (
        'the same installation on every machine of the cluster: pip install "underdog[ray]==1.2.3"'
    )
    with pytest.raises(InputError) as refused:
        check_versions(HERE, there, where="10.0.0.7")
    assert str(refused.value) == f"{message}. Try: {hint}"


def test_this_process_has_the_versions_it_was_imported_with() -> None:
    """Every package that decides results, and the Python that runs them."""
    versions = read_versions()
    assert set(versions) == {"Python", *NAMES}
    assert versions["underdog"] == __version__
    assert platform.python_version().startswith(versions["Python"] + ".")


def test_what_is_not_installed_has_no_version() -> None:
    """Nothing is raised for it."""
    assert "no-such-package" not in version_reader()(["no-such-package", "numpy"])


def test_the_reader_needs_nothing_of_this_package() -> None:
    """Its code refers to no global name of ours, so it runs where underdog is missing."""
    reader = version_reader()
    assert "<locals>" in reader.__qualname__
    assert reader.__closure__ is None
    assert set(reader.__code__.co_names).isdisjoint(reader.__globals__)
