"""Python tests."""

load("@rules_python//python:py_test.bzl", "py_test")

def pytest_test(name, srcs, args = [], deps = [], size = "medium", **kwargs):
    """A py_test that runs pytest on every file of srcs.

    --test_filter=EXPR becomes pytest's -k; shard_count spreads the single tests over shards.

    Args:
      name: the target's name.
      srcs: test files; conftest.py files and modules that they import go to data or deps.
      args: more arguments for pytest.
      deps: what the tests import, usually "//tilescale".
      size: Bazel's test size: small is a minute, medium five, large fifteen. A busy machine is slow.
      **kwargs: passed on to py_test.
    """
    main = "//tools/python:pytest_main.py"
    py_test(
        name = name,
        size = size,
        srcs = srcs + [main],
        args = ["$(rootpath %s)" % src for src in srcs if not src.endswith("conftest.py")] + args,
        main = main,
        deps = deps + ["//third_party/pypi:pytest"],
        **kwargs
    )
