"""Packages Python sources and shared libraries of this repository as a wheel."""

load("@rules_python//python:py_info.bzl", "PyInfo")

def _py_wheel_impl(ctx):
    sources = [dep[PyInfo].transitive_sources for dep in ctx.attr.deps]

    # Third-party code is a requirement, not content.
    files = [
        file
        for file in depset(ctx.files.data, transitive = sources).to_list()
        if not file.short_path.startswith("../")
    ]
    manifest = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(manifest, json.encode(struct(
        files = [struct(src = file.path, dst = file.short_path) for file in files],
        run_paths = ctx.attr.run_paths,
        name = ctx.attr.distribution,
        version = ctx.attr.version,
        summary = ctx.attr.summary,
        tag = ctx.attr.tag + ("-manylinux_%s_x86_64" % ctx.attr.glibc.replace(".", "_")),
        glibc = ctx.attr.glibc,
        requires = ctx.attr.requires,
        requires_python = ctx.attr.requires_python,
        extras = ctx.attr.extras,
        scripts = ctx.attr.scripts,
    )))
    out = ctx.actions.declare_file("%s-%s-%s-manylinux_%s_x86_64.whl" % (
        ctx.attr.distribution.replace("-", "_"),
        ctx.attr.version,
        ctx.attr.tag,
        ctx.attr.glibc.replace(".", "_"),
    ))
    ctx.actions.run(
        arguments = [manifest.path, out.path],
        executable = ctx.executable._tool,
        inputs = files + [manifest],
        mnemonic = "PyWheel",
        outputs = [out],
        progress_message = "Packing %s" % out.short_path,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

py_wheel = rule(
    doc = "A wheel with the sources of deps and the files of data, each under its path from the root.",
    implementation = _py_wheel_impl,
    attrs = {
        "data": attr.label_list(allow_files = True, doc = "Shared libraries and other files."),
        "deps": attr.label_list(providers = [PyInfo]),
        "distribution": attr.string(mandatory = True, doc = "Name for pip."),
        "extras": attr.string_list_dict(doc = "{extra: requirements}"),
        "glibc": attr.string(mandatory = True, doc = "Oldest glibc; checked against the libraries."),
        "requires": attr.string_list(),
        "requires_python": attr.string(mandatory = True),
        "run_paths": attr.string_dict(doc = "{library: its run path in the wheel}"),
        "scripts": attr.string_list(doc = "name = module:function"),
        "summary": attr.string(mandatory = True),
        "tag": attr.string(mandatory = True, doc = "Python and ABI tag, such as cp311-abi3."),
        "version": attr.string(mandatory = True),
        "_tool": attr.label(cfg = "exec", default = "//tools/wheel:make_wheel", executable = True),
    },
)
