"""The worker program of the Python 1.x client: worker.py '{"prefix":…,"name":…,"slots":…,"labels":…}'.

Says `registered` once its workflows are known to the engine; what its tasks do, they say themselves.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

from hatchet_sdk import Hatchet  # noqa: E402
from newest_words import teach_newest_words  # noqa: E402
from run_workflows import run_workflows  # noqa: E402
from slot_workflows import slot_workflows  # noqa: E402
from telling import end_with_the_test, tell  # noqa: E402


def main() -> None:
    config = json.loads(sys.argv[1])
    end_with_the_test()
    teach_newest_words()
    hatchet = Hatchet()

    def name(base: str) -> str:
        return f"{config['prefix']}-{base.capitalize()}"

    workflows = run_workflows(hatchet, name, config["name"]) + slot_workflows(hatchet, name, config["name"])
    worker = hatchet.worker(config["name"], slots=config["slots"], labels=config.get("labels") or {})
    worker.register_workflows(workflows)
    tell("registered", pid=os.getpid())
    worker.start()


# The client starts a second process, which imports this file again.
if __name__ == "__main__":
    main()
