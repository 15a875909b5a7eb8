"""What to take from each locked wheel."""

load("//tools/pypi:wheel.bzl", "pypi_wheel", "wheelhouse")

_DROP_CUDA = ["nvidia/*/lib/*.alt.so*", "nvidia/__init__.py"]

# Packages that are more than a folder of Python: what they import (packages), a BUILD overlay in this folder
# (build), members that are not unpacked (exclude).
_SPECIAL = {
    "apache-tvm-ffi": dict(packages = ["typing-extensions"], build = "tvm_ffi"),
    "hypothesis": dict(packages = ["sortedcontainers"]),
    "ml-dtypes": dict(packages = ["numpy"]),
    "mypy": dict(packages = ["ast-serialize", "librt", "mypy-extensions", "pathspec", "typing-extensions"]),
    "nvidia-cuda-cccl-cu12": dict(build = "cccl", exclude = _DROP_CUDA),
    "nvidia-cuda-nvcc-cu12": dict(build = "nvcc", exclude = _DROP_CUDA),
    "nvidia-cuda-nvrtc-cu12": dict(build = "nvrtc", exclude = _DROP_CUDA),
    "nvidia-cuda-runtime-cu12": dict(build = "cudart", exclude = _DROP_CUDA),
    "nvidia-nvjitlink-cu12": dict(build = "nvjitlink", exclude = _DROP_CUDA),
    # Device bitcode (200 MB) serves LLVM front ends only.
    "nvidia-nvshmem-cu12": dict(
        build = "nvshmem",
        exclude = _DROP_CUDA + ["nvidia/nvshmem/lib/*.bc", "nvidia/nvshmem/share/*"],
    ),
    "pybind11": dict(build = "pybind11"),
    "pytest": dict(packages = ["iniconfig", "packaging", "pluggy", "pygments"]),
    "z3-solver": dict(build = "z3"),
}

# What tests install beside our wheel, for the CPythons that it serves; pytest is for the GPU pack.
_WHEELHOUSE = [
    "absl-py",
    "apache-tvm-ffi",
    "iniconfig",
    "ml-dtypes",
    "numpy",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "typing-extensions",
    "z3-solver",
]
_PYTHONS = ["311", "312"]

def repository_name(package):
    """Returns the repository of a package: pypi_ and its name in underscores."""
    return "pypi_" + package.replace("-", "_").replace(".", "_")

def pypi_wheels(lock):
    """Declares @pypi_<name> for every locked package, and @wheelhouse.

    Args:
      lock: {package: struct(requirement, hashes)}.
    """
    for package, pin in lock.items():
        special = _SPECIAL.get(package, {})
        overlay = special.get("build")
        pypi_wheel(
            name = repository_name(package),
            requirement = pin.requirement,
            hashes = pin.hashes,
            packages = [repository_name(name) for name in special.get("packages", [])],
            exclude = special.get("exclude", []),
            extra_build_file = Label("//third_party/pypi:%s.BUILD" % overlay) if overlay else None,
        )
    wheelhouse(
        name = "wheelhouse",
        pins = [json.encode(lock[package]) for package in _WHEELHOUSE],
        pythons = _PYTHONS,
    )
