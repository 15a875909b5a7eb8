"""The torch that the host has, for interop tests; an empty package where it has none.

TILESCALE_TORCH_PYTHON names the interpreter whose torch it is (default: TILESCALE_PYTHON, else python3).
"""

_BUILD = """
load("@rules_python//python:py_library.bzl", "py_library")

py_library(
    name = "pkg",
    data = {data},
    imports = ["site-packages"],
    visibility = ["//visibility:public"],
    deps = {deps},
)
"""

def _host_torch_impl(rctx):
    environ = rctx.os.environ
    python = environ.get("TILESCALE_TORCH_PYTHON", "") or environ.get("TILESCALE_PYTHON", "") or rctx.which("python3")
    probe = rctx.execute([python, rctx.path(rctx.attr._probe)])
    if probe.return_code:
        fail("cannot look for torch with %s: %s" % (python, probe.stderr))
    found = json.decode(probe.stdout)
    rctx.file("identity.txt", probe.stdout)
    for name, path in found["entries"].items():
        rctx.symlink(path, "site-packages/" + name)
    data = ["site-packages", "identity.txt"] if found["entries"] else ["identity.txt"]
    deps = ["@pypi_numpy//:pkg", "@pypi_typing_extensions//:pkg"]
    rctx.file("BUILD.bazel", _BUILD.format(data = data, deps = deps if found["entries"] else []))

host_torch = repository_rule(
    implementation = _host_torch_impl,
    attrs = {"_probe": attr.label(default = "//tools/python:find_torch.py", allow_single_file = True)},
    configure = True,
    environ = ["TILESCALE_PYTHON", "TILESCALE_TORCH_PYTHON", "PATH"],
    local = True,
)
