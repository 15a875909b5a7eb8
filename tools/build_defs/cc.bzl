"""C++ libraries of this repository."""

load("@rules_cc//cc:cc_library.bzl", "cc_library")

TILESCALE_COPTS = [
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fno-semantic-interposition",
]

def tilescale_cc_library(name, copts = [], deps = [], **kwargs):
    """One cc_library of all sources of a folder, so that adding a file needs no edit.

    It is linked whole: registries are filled by static initialisers that nothing refers to.

    Args:
      name: the folder's name.
      copts: more compiler options.
      deps: only layers below: see cc/BUILD.bazel.
      **kwargs: passed on to cc_library.
    """
    cc_library(
        name = name,
        srcs = native.glob(["**/*.cc"], exclude = ["**/*_test.cc"]),
        hdrs = native.glob(["**/*.h"]),
        alwayslink = True,
        copts = TILESCALE_COPTS + copts,
        deps = deps,
        **kwargs
    )
