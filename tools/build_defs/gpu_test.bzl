"""Tests of CUDA kernels, for each architecture and in each way that they can be tested."""

load("//tools/build_defs:pytest.bzl", "pytest_test")

# Architectures of the CUDA target as the names of tests spell them.
GPU_TEST_ARCHS = ["sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"]

_CUDA = [
    "//third_party/pypi:nvidia_cuda_nvrtc_cu12",
    "//third_party/pypi:nvidia_cuda_runtime_cu12",
    "//third_party/pypi:nvidia_nvjitlink_cu12",
]

def gpu_test(name, srcs, archs = GPU_TEST_ARCHS, modes = ["compile", "gpu"], deps = [], tags = [], **kwargs):
    """Tests for each architecture: `<name>_sm80_compile`, `<name>_sm80_sim`, `<name>_sm80`.

    The tests read TILESCALE_ARCH and TILESCALE_TEST_MODE (compile, sim, gpu). On hardware, a test skips with its
    reason where the machine has no such GPU; with --config=sm80 and the like it fails instead.

    Args:
      name: stem of the targets' names, and the name of a suite of all of them.
      srcs: test files.
      archs: architectures.
      modes: "compile" (assembles only), "sim" (on the simulator), "gpu" (on hardware).
      deps: what the tests import besides CUDA's wheels.
      tags: more tags.
      **kwargs: passed on to pytest_test.
    """
    tests = []
    for arch in archs:
        for mode in modes:
            test = name + "_" + arch.replace("_", "") + ("" if mode == "gpu" else "_" + mode)
            env = {"TILESCALE_ARCH": arch, "TILESCALE_TEST_MODE": mode}
            required = dict(env, TILESCALE_REQUIRE_GPU = "1")
            pytest_test(
                name = test,
                srcs = srcs,
                env = select({
                    "//tools/cuda:gpu_" + arch: required if mode == "gpu" else env,
                    "//conditions:default": env,
                }),
                tags = tags + [arch] + (["gpu"] if mode == "gpu" else []),
                deps = deps + _CUDA,
                **kwargs
            )
            tests.append(":" + test)
    native.test_suite(name = name, tests = tests)
