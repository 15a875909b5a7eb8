"""Prints as JSON where the running interpreter has torch and what torch needs.

{"version": "2.13.0+cpu" or "", "python": "3.11.7",
 "entries": {"torch": "/…/site-packages/torch", …}}

Packages that our lock provides are left out: the tests take those from the lock.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re

LOCKED = {"numpy", "typing-extensions"}


def normalize(name: str) -> str:
    """Returns the canonical form of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(root: str) -> dict[str, importlib.metadata.Distribution]:
    """Returns the installed packages that `root` needs and itself, without extras."""
    found: dict[str, importlib.metadata.Distribution] = {}
    queue = [root]
    while queue:
        name = normalize(queue.pop())
        if name in found or name in LOCKED:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        for requirement in found[name].requires or []:
            if "extra ==" not in requirement:
                queue.append(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    return found


def entries(distribution: importlib.metadata.Distribution) -> dict[str, str]:
    """Returns {top-level name: path} of what a package put into its site-packages folder."""
    tops = {
        file.parts[0]
        for file in distribution.files or []
        if file.parts[0] not in ("..", "__pycache__")
    }
    return {top: str(distribution.locate_file(top)) for top in tops}


def main() -> None:
    """Prints the report."""
    packages = closure("torch")
    torch = packages.get("torch")
    found = {name: path for package in packages.values() for name, path in entries(package).items()}
    report = {
        "version": torch.version if torch else "",
        "python": platform.python_version(),
        "entries": dict(sorted(found.items())) if torch else {},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
