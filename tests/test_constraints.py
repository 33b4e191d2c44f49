"""constraints.txt: one tested release of all that setup.cfg asks for, from no particular place."""

import configparser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def lines(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def wanted() -> list[Requirement]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    texts = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    return [Requirement(line) for text in texts for line in lines(text)]


PINS = [Requirement(line) for line in lines((ROOT / "constraints.txt").read_text())]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_every_requirement_has_a_pin_that_fits(requirement: Requirement) -> None:
    # Where it fails after a change of setup.cfg: make constraints.
    pins = [
        pin for pin in PINS if canonicalize_name(pin.name) == canonicalize_name(requirement.name)
    ]
    assert pins, f"constraints.txt has no {requirement.name}"
    for pin in pins:
        [specifier] = pin.specifier
        assert specifier.operator == "=="
        assert requirement.specifier.contains(specifier.version)


def test_a_pin_says_neither_where_from_nor_with_what_extra() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text()
    # pip takes no extras in constraints.
    assert [pin for pin in PINS if pin.url or pin.extras] == []
