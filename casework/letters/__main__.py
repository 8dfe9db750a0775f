"""One letter: what `compose` takes as JSON on standard input, the PDF on standard output."""

import json
import sys
from datetime import datetime

from casework.letters import compose

asked = json.load(sys.stdin.buffer)
sys.stdout.buffer.write(
    compose(
        asked["template"],
        sheet=asked["sheet"],
        facts=asked["facts"],
        at=datetime.fromisoformat(asked["at"]),
    )
)
