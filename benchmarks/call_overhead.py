"""A call of a compiled addition of 16 floats against `numpy.add(out=)`."""

import numpy as np
from add_cpu import add
from measure import Row, interleave, report

# A call may take four times as long as NumPy's.
GOAL = 0.25


def main() -> None:
    a, b, c = (np.ones(16, np.float32) for _ in range(3))
    kernel = add(16, 16)
    ours, baseline, best = interleave(
        lambda: kernel(a, b, c), lambda: np.add(a, b, out=c), rounds=101, inner=1000
    )
    report(
        "call_overhead", [Row("add of 16 floats", ours, baseline, GOAL, {"ratio of best": best})]
    )


if __name__ == "__main__":
    main()
