"""What the WhatsApp process gets to know of our environment. No I/O."""

import re
from collections.abc import Mapping

# What Node needs to be found, to start and to reach the network.
_PASSED_ON = re.compile(
    r"PATH|HOME|TMPDIR|TZ|LANG|LC_\w+|NODE_(?!AUTH)\w+|SSL_CERT_(FILE|DIR)"
    r"|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy"
)


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Without our secrets, the model's key and the store's password: none of its business."""
    return {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}
