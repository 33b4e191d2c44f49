"""Whatever the server says of what went wrong, a page can say in Spanish (tests/reasons.py)."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from tests.reasons import ROOT, SAMPLE, all_reasons

# What a library says behind a sentence of ours, and operators have seen.
OF_LIBRARIES = {"All encryptions failed"}
SCRIPT = """
import { readFileSync } from 'node:fs';
Object.defineProperty(globalThis, 'navigator', { value: { languages: [process.argv[1]] } });
const { SPANISH, translateServerText } = await import(process.argv[2]);
const reasons = JSON.parse(readFileSync(0, 'utf8'));
const words = Object.fromEntries(reasons.map((one) => [one, translateServerText(one)]));
console.log(JSON.stringify({ words, keys: Object.keys(SPANISH) }));
"""


def in_a_page(language: str, reasons: set[str]) -> Any:
    """``words`` for each reason as a page shows it; ``keys``: all that it knows."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    module = ROOT / "static" / "js" / "i18n" / "server-words.js"
    ran = subprocess.run(
        [node, "--input-type=module", "--eval", SCRIPT, "--", language, module.as_uri()],
        input=json.dumps(sorted(reasons)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def test_every_reason_of_the_server_has_spanish_words() -> None:
    reasons = all_reasons() | OF_LIBRARIES
    assert len(reasons) > 120
    for reason, words in in_a_page("es-MX", reasons)["words"].items():
        assert words != reason, f"static/js/i18n/server-words.js lacks: {reason}"
        assert words.count(SAMPLE) == reason.count(SAMPLE), reason
        assert "{}" not in words
        english = re.search(r"\b(the|is|are|must|and|not|with)\b", words, re.IGNORECASE)
        assert not english, f"{reason} is half translated: {words}"


def test_in_english_a_reason_stays_as_the_server_has_it() -> None:
    reasons = all_reasons()
    assert in_a_page("en-GB", reasons)["words"] == {reason: reason for reason in reasons}


def test_no_words_are_there_for_what_the_server_no_longer_says() -> None:
    reasons = "\n".join(all_reasons() | OF_LIBRARIES)
    for key in in_a_page("es", set())["keys"]:
        pattern = ".+".join(map(re.escape, key.split("{}")))
        assert re.search(pattern, reasons), f"nobody says: {key}"


def test_what_a_library_says_behind_a_sentence_of_ours_stays_readable() -> None:
    said = {"The message could not be sent: All encryptions failed", "The file is odd"}
    words = in_a_page("es", said)["words"]
    assert words == {
        "The message could not be sent: All encryptions failed": (
            "No se pudo enviar el mensaje: no se pudo cifrar para ningún dispositivo del contacto"
        ),
        "The file is odd": "The file is odd",
    }
