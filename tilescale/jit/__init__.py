"""Compiling functions, caching what comes out, and calling it."""
