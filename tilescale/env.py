"""The settings of the process, under the names that ported programs use.

`tilescale.knobs` is the registry of environment variables; this is a view of it.
"""

from __future__ import annotations

from tilescale import knobs
from tilescale.jit import cache


class Environment:
    """Attributes that TileLang programs read and change; each read asks the environment anew."""

    @property
    def TILELANG_CACHE_DIR(self) -> str:  # noqa: N802
        """Folder of the disk cache."""
        return str(cache.cache_root())

    @property
    def TILELANG_DEFAULT_TARGET(self) -> str:  # noqa: N802
        """Target of kernels that name none."""
        return knobs.TARGET.get()

    @property
    def TILELANG_VERBOSE(self) -> bool:  # noqa: N802
        """Whether each compilation is logged."""
        return knobs.VERBOSE.get()

    def is_cache_enabled(self) -> bool:
        """Tells whether compiled kernels are looked up and stored on disk."""
        return cache.is_cache_enabled()

    def enable_cache(self) -> None:
        """Uses the disk cache from now on."""
        cache.enable_cache()

    def disable_cache(self) -> None:
        """Compiles every kernel anew from now on."""
        cache.disable_cache()

    def get_default_target(self) -> str:
        """Returns the target of kernels that name none."""
        return knobs.TARGET.get()


env = Environment()
