"""Writes `docs/porting.md`: `python -m tilescale.porting > docs/porting.md`."""

import sys

from tilescale.porting.document import render_markdown

if __name__ == "__main__":
    sys.stdout.write(render_markdown())
