"""Testing of kernels: the evaluator of the tile language, comparisons, and pytest marks."""
