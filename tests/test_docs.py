"""What the documents point at is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
# A path in backticks: folders and a name with an ending, or a folder with its slash.
PATH = re.compile(r"`((?:\.?[\w-]+/)+(?:[\w.-]+\.\w+)?|\.\w+/\w+|[\w-]+\.(?:md|txt|cfg|py))`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text())
    here = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in here if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md"])
def test_every_file_a_newcomer_is_sent_to_is_there(name: str) -> None:
    paths = PATH.findall((ROOT / name).read_text())
    named = [path for path in paths if "NAME" not in path]
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_a_newcomer_is_sent_to_the_files_of_the_house() -> None:
    paths = PATH.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert {"services/errors.py", "handlers/", "setup.cfg", ".ci/run"} <= set(paths)
