"""Bzlmod's entry: the same repositories as WORKSPACE declares. Not loaded by Bazel 4.2."""

load("//third_party/pypi:wheels.bzl", "pypi_wheels")
load("//tools/pypi:lock.bzl", "parse_lock")
load("//tools/python:host_torch.bzl", "host_torch")
load("//tools/python:local_python.bzl", "local_python")

def _impl(mctx):
    local_python(name = "local_python")
    host_torch(name = "host_torch")
    pypi_wheels(parse_lock(mctx.read(Label("//third_party/pypi:requirements_lock.txt"))))

third_party = module_extension(implementation = _impl)
