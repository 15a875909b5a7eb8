"""Device code without nvcc: cuda_library compiles it for each architecture, cuda_module links it."""

load("//tools/cuda:settings.bzl", "CudaArchsInfo")

CudaObjectsInfo = provider(
    doc = "Device code.",
    fields = {"objects": "{architecture: depset of cubins}"},
)

def _package_files(label):
    # Bazel does not hash a directory that is an input; identity.txt stands for its contents.
    return [label + ":site-packages", label + ":identity.txt"]

def _cuda_library_impl(ctx):
    nvrtc = ctx.files._nvrtc[0].path + "/nvidia/cuda_nvrtc/lib/libnvrtc.so.12"
    headers = ctx.files._headers[0].path + "/nvidia/cuda_runtime/include"
    objects = {}
    for arch in ctx.attr._archs[CudaArchsInfo].archs:
        outs = []
        for src in ctx.files.srcs:
            out = ctx.actions.declare_file("%s/%s.%s.cubin" % (ctx.label.name, src.basename, arch))
            options = ["--gpu-architecture=" + arch, "-std=c++17", "-I.", "-I" + headers]
            if ctx.attr.rdc:
                options.append("--relocatable-device-code=true")
            ctx.actions.run(
                arguments = ["compile", nvrtc, src.path, out.path] + options + ctx.attr.copts,
                executable = ctx.executable._tool,
                inputs = [src] + ctx.files.hdrs + ctx.files._nvrtc + ctx.files._headers,
                mnemonic = "CudaCompile",
                outputs = [out],
                progress_message = "Compiling %s for %s" % (src.short_path, arch),
            )
            outs.append(out)
        transitive = [dep[CudaObjectsInfo].objects[arch] for dep in ctx.attr.deps]
        objects[arch] = depset(outs, transitive = transitive)
    files = depset(transitive = objects.values())
    return [CudaObjectsInfo(objects = objects), DefaultInfo(files = files, runfiles = ctx.runfiles(transitive_files = files))]

cuda_library = rule(
    doc = "Device code compiled for each of //tools/cuda:archs.",
    implementation = _cuda_library_impl,
    attrs = {
        "copts": attr.string_list(doc = "More options of NVRTC."),
        "deps": attr.label_list(doc = "Relocatable code that is linked with it.", providers = [CudaObjectsInfo]),
        "hdrs": attr.label_list(allow_files = True),
        "rdc": attr.bool(default = False, doc = "Relocatable: functions of other sources can be called."),
        "srcs": attr.label_list(allow_files = [".cu"], mandatory = True),
        "_archs": attr.label(default = "//tools/cuda:archs"),
        "_headers": attr.label_list(
            allow_files = True,
            default = _package_files("@pypi_nvidia_cuda_runtime_cu12//"),
        ),
        "_nvrtc": attr.label_list(
            allow_files = True,
            default = _package_files("@pypi_nvidia_cuda_nvrtc_cu12//"),
        ),
        "_tool": attr.label(cfg = "exec", default = "//tools/cuda:device_tool", executable = True),
    },
)

def _cuda_module_impl(ctx):
    linker = ctx.files._nvjitlink[0].path + "/nvidia/nvjitlink/lib/libnvJitLink.so.12"
    outs = []
    for arch in ctx.attr._archs[CudaArchsInfo].archs:
        objects = depset(transitive = [dep[CudaObjectsInfo].objects[arch] for dep in ctx.attr.deps])
        inputs = objects.to_list() + ctx.files.archives
        out = ctx.actions.declare_file("%s.%s.cubin" % (ctx.label.name, arch))
        ctx.actions.run(
            arguments = ["link", linker, out.path, arch] + [file.path for file in inputs],
            executable = ctx.executable._tool,
            inputs = inputs + ctx.files._nvjitlink,
            mnemonic = "CudaLink",
            outputs = [out],
            progress_message = "Linking device code %s" % out.short_path,
        )
        outs.append(out)
    return [DefaultInfo(files = depset(outs), runfiles = ctx.runfiles(outs))]

cuda_module = rule(
    doc = "One cubin for each architecture, linked from relocatable device code: <name>.<arch>.cubin.",
    implementation = _cuda_module_impl,
    attrs = {
        "archives": attr.label_list(allow_files = [".a"], doc = "Device libraries."),
        "deps": attr.label_list(mandatory = True, providers = [CudaObjectsInfo]),
        "_archs": attr.label(default = "//tools/cuda:archs"),
        "_nvjitlink": attr.label_list(
            allow_files = True,
            default = _package_files("@pypi_nvidia_nvjitlink_cu12//"),
        ),
        "_tool": attr.label(cfg = "exec", default = "//tools/cuda:device_tool", executable = True),
    },
)
