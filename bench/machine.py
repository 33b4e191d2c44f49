"""Where and when it is measured."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown"
    found = re.search(r"model name\s*:\s*(.+)", text)
    return found.group(1).strip() if found else platform.machine()


def facts() -> dict[str, str]:
    """Lines for a person: what each is called, and what it is."""
    return {
        "Date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "Processor": f"{processor()}, {len(os.sched_getaffinity(0))} cores",
        "Load before it began": f"{os.getloadavg()[0]:.2f}",
        "System": f"{platform.system()} {platform.release()}, {platform.machine()}",
    }
