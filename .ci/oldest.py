"""Print the lower bound of every dependency as a constraint: `numpy>=2.0` -> `numpy==2.0`."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
for requirement in project["dependencies"] + project["optional-dependencies"]["test"]:
    found = re.match(r"([\w-]+)(?:\[[\w,]+\])?>=([\d.]+)", requirement)
    assert found is not None, f"{requirement} has no lower bound"
    print(f"{found[1]}=={found[2]}")
