"""Reads requirements_lock.txt: pip's own format, `name==version --hash=sha256:...`."""

_HASH = "--hash=sha256:"

def parse_lock(text):
    """Returns {package: struct(requirement, hashes)} of a lock file's text."""
    lock = {}
    for line in text.replace("\\\n", " ").split("\n"):
        words = [word for word in line.split(" ") if word]
        if not words or words[0].startswith("#"):
            continue
        lock[words[0].partition("==")[0]] = struct(
            requirement = words[0],
            hashes = [word[len(_HASH):] for word in words[1:] if word.startswith(_HASH)],
        )
    return lock

def _pypi_lock_impl(rctx):
    rows = [
        "    %r: struct(requirement = %r, hashes = %r)," % (name, pin.requirement, pin.hashes)
        for name, pin in parse_lock(rctx.read(rctx.attr.lock)).items()
    ]
    rctx.file("BUILD.bazel", 'exports_files(["lock.bzl"])\n')
    rctx.file("lock.bzl", "LOCK = {\n" + "\n".join(rows) + "\n}\n")

pypi_lock = repository_rule(
    doc = "The lock as Starlark, so that a changed pin refetches that package only.",
    implementation = _pypi_lock_impl,
    attrs = {"lock": attr.label(allow_single_file = True, mandatory = True)},
)
