"""Module paths of ported programs."""
