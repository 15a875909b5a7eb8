"""Runs a kernel for the CUDA target on the simulator, or on the GPU."""

import tilescale
from tests.support import machine
from tilescale import sim


def lower(func, arch=None):
    return tilescale.lower(func, target=f"cuda -arch={machine.arch_for(arch)}")


def launch(lowered, tensors, grid=1, source=None, **options):
    """The simulator's report of one launch; the tensors hold what the kernel wrote."""
    machine.simulator_only("GPUs report nothing")
    signature = lowered.signature
    return sim.launch(
        source or lowered.kernel_source,
        signature["kernel"],
        grid,
        tuple(signature["block"]),
        list(tensors),
        shared_bytes=signature["shared_bytes"],
        arch=signature["arch"],
        **options,
    )


def run(func, tensors, grid=1, arch=None, **options):
    """Launches without findings; gives the generated source."""
    lowered = lower(func, arch)
    if machine.GPU is not None:
        machine.build(func, arch)(*tensors)
        return lowered.kernel_source
    launch(lowered, tensors, grid, **options).check()
    return lowered.kernel_source
