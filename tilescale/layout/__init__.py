"""Layouts of tiles in shared memory and in registers."""
