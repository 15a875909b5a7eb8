"""Repository rules around pip: one repository per pinned wheel, and a folder of wheel files."""

_BUILD = """
load("@rules_python//python:py_library.bzl", "py_library")

package(default_visibility = ["//visibility:public"])

exports_files(["site-packages", "identity.txt"])

py_library(
    name = "pkg",
    # A directory, not a glob: thousands of runfiles links made every test three times slower.
    data = ["site-packages", "identity.txt"],
    imports = ["site-packages"],
    deps = {deps},
)
"""

def _python(rctx):
    python = rctx.os.environ.get("TILESCALE_PYTHON", "") or rctx.which("python3")
    if not python:
        fail("no python3 on PATH; install one (Debian: apt-get install python3) or set TILESCALE_PYTHON")
    return python

def _fetch(rctx, spec):
    """Runs the helper; returns what identifies the fetched files."""
    rctx.file("spec.json", json.encode(spec))
    python = _python(rctx)
    done = rctx.execute([python, rctx.path(rctx.attr._tool), "spec.json"], timeout = 1800)
    if done.return_code:
        fail(done.stdout + done.stderr)
    version = rctx.execute([python, "-c", "import sys; print(sys.version)"]).stdout
    return done.stdout + rctx.read("spec.json") + "\n" + version + rctx.read(rctx.attr._tool)

def _pypi_wheel_impl(rctx):
    rctx.report_progress("pip download " + rctx.attr.requirement)
    identity = _fetch(rctx, struct(
        packages = [struct(requirement = rctx.attr.requirement, hashes = rctx.attr.hashes)],
        exclude = rctx.attr.exclude,
        unpack = "site-packages",
    ))

    # Bazel doesn't hash a directory that is an input; this file stands for its contents in every cache key.
    rctx.file("identity.txt", identity)
    build = _BUILD.format(deps = ["@%s//:pkg" % dep for dep in rctx.attr.packages])
    if rctx.attr.extra_build_file:
        build += rctx.read(rctx.attr.extra_build_file)
    rctx.file("BUILD.bazel", build)

_TOOL = attr.label(default = "//tools/pypi:fetch_wheel.py", allow_single_file = True)

pypi_wheel = repository_rule(
    doc = "Downloads one locked wheel and unpacks it into site-packages/.",
    implementation = _pypi_wheel_impl,
    attrs = {
        "requirement": attr.string(mandatory = True, doc = "name==version"),
        "hashes": attr.string_list(mandatory = True, doc = "Any of these sha256 sums is accepted."),
        "packages": attr.string_list(doc = "Repositories of the packages that this one imports."),
        "exclude": attr.string_list(doc = "Globs of files that are not unpacked."),
        "extra_build_file": attr.label(allow_single_file = True, doc = "More targets over site-packages/."),
        "_tool": _TOOL,
    },
    environ = ["TILESCALE_PYTHON"],
)

def _wheelhouse_impl(rctx):
    rctx.report_progress("pip download for CPython " + ", ".join(rctx.attr.pythons))
    identity = ""
    for python in rctx.attr.pythons:
        identity += _fetch(rctx, struct(
            packages = [json.decode(pin) for pin in rctx.attr.pins],
            python = python,
            keep = "wheels",
        ))
    rctx.file("identity.txt", identity)
    rctx.file("BUILD.bazel", """
filegroup(
    name = "wheels",
    srcs = glob(["wheels/*.whl"]),
    visibility = ["//visibility:public"],
)
""")

wheelhouse = repository_rule(
    doc = "A folder of locked wheel files for several CPythons, to install from without a network.",
    implementation = _wheelhouse_impl,
    attrs = {
        "pins": attr.string_list(mandatory = True, doc = "JSON of {requirement, hashes}, one per package."),
        "pythons": attr.string_list(mandatory = True, doc = "CPython tags such as 312."),
        "_tool": _TOOL,
    },
    environ = ["TILESCALE_PYTHON"],
)
