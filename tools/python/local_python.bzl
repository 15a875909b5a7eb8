"""The host's CPython as Bazel's Python toolchain, through a virtual environment without any packages."""

_BUILD = """
load("@rules_cc//cc:cc_library.bzl", "cc_library")
load("@rules_python//python:py_runtime.bzl", "py_runtime")
load("@rules_python//python:py_runtime_pair.bzl", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

py_runtime(
    name = "py3_runtime",
    files = ["{venv}/pyvenv.cfg"],
    interpreter = "{venv}/bin/python3",
    python_version = "PY3",
    stub_shebang = "#!{host}",
)

py_runtime_pair(
    name = "py_runtime_pair",
    py3_runtime = ":py3_runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":py_runtime_pair",
    toolchain_type = "@bazel_tools//tools/python:toolchain_type",
)

cc_library(
    name = "headers",
    hdrs = glob(["include/**/*.h"]),
    includes = ["include"],
)
"""

_PROBE = """
import sys, sysconfig
print(sys.executable)
print("%d.%d.%d" % sys.version_info[:3])
print(sysconfig.get_paths()["include"])
"""

def _local_python_impl(rctx):
    python = rctx.os.environ.get("TILESCALE_PYTHON", "") or rctx.which("python3")
    if not python:
        fail("no python3 on PATH; install one (Debian: apt-get install python3) or set TILESCALE_PYTHON")
    probe = rctx.execute([python, "-c", _PROBE])
    if probe.return_code:
        fail("cannot run %s: %s" % (python, probe.stderr))
    executable, version, include = probe.stdout.strip().split("\n")
    if version.split(".")[:2] not in [["3", "11"], ["3", "12"]]:
        fail("%s is CPython %s; TileScale is built with 3.11 or 3.12: set TILESCALE_PYTHON" % (executable, version))
    if not rctx.path(include + "/Python.h").exists:
        fail("%s has no C headers (%s/Python.h); Debian: apt-get install python3-dev" % (executable, include))

    # The version is part of the path, so a changed interpreter changes every action's key.
    venv = "py%s-%s" % (version, str(hash(executable)).replace("-", "n"))
    rctx.symlink(include, "include")
    rctx.symlink(executable, venv + "/bin/python3")
    home = executable.rpartition("/")[0]
    rctx.file(venv + "/pyvenv.cfg", "home = %s\ninclude-system-site-packages = false\n" % home)
    rctx.file("BUILD.bazel", _BUILD.format(venv = venv, host = executable))

local_python = repository_rule(
    implementation = _local_python_impl,
    configure = True,
    environ = ["TILESCALE_PYTHON", "PATH"],
    local = True,
)
