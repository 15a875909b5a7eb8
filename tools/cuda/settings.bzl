"""Settings: for which CUDA architectures device code is built, and which GPU is at hand."""

ARCHS = [
    "sm_70",
    "sm_75",
    "sm_80",
    "sm_86",
    "sm_89",
    "sm_90",
    "sm_90a",
    "sm_100",
    "sm_100a",
    "sm_120",
    "sm_120a",
]

CudaArchsInfo = provider(
    doc = "Architectures to build device code for.",
    fields = {"archs": "list of names such as sm_80"},
)

def _cuda_archs_impl(ctx):
    for arch in ctx.build_setting_value:
        if arch not in ARCHS:
            fail("%s: unknown architecture %s; there are %s" % (ctx.label, arch, ", ".join(ARCHS)))
    return [CudaArchsInfo(archs = ctx.build_setting_value)]

cuda_archs = rule(
    doc = "A flag with a list of architectures.",
    implementation = _cuda_archs_impl,
    build_setting = config.string_list(flag = True),
)

def _choice_impl(ctx):
    if ctx.build_setting_value not in ctx.attr.values:
        fail("%s: %s is none of %s" % (ctx.label, ctx.build_setting_value, ", ".join(ctx.attr.values)))
    return []

choice = rule(
    doc = "A flag with one of a few values.",
    implementation = _choice_impl,
    build_setting = config.string(flag = True),
    attrs = {"values": attr.string_list(mandatory = True)},
)
