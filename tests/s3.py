"""An S3 server of the tests: moto's, as a process of its own on a free port."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

BUCKET = "pulso-tests"


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """The environment that leads to it. Its bucket is there."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
                break
        else:
            raise AssertionError("the S3 server did not start")
        with urlopen(Request(f"{found[1]}/{BUCKET}", method="PUT")):
            yield {
                "AWS_ENDPOINT_URL": found[1],
                "AWS_ACCESS_KEY_ID": "tests",
                "AWS_SECRET_ACCESS_KEY": "tests",
                "AWS_REGION": "us-east-1",
            }
    finally:
        process.kill()
        process.communicate()
