"""Every probe assembles for its architectures, for real, and is refused for those below."""

import pytest

from tests.cuda.probes import ALL, PROBES
from tests.support.gpu import needs_nvrtc_for, selected
from tilescale import cuda, errors

GOOD = [(probe, arch) for probe in PROBES for arch in selected(probe.archs)]
LACKING = [(probe, arch) for probe in PROBES for arch in selected(probe.lacking)]


def _id(value):
    return getattr(value, "name", value)


@pytest.mark.parametrize(("probe", "arch"), GOOD, ids=_id)
def test_assembles(probe, arch):
    needs_nvrtc_for(arch)
    binary = cuda.compile_cuda(probe.source, arch, kernels=[probe.name])
    assert binary.code[:4] == b"\x7fELF"
    assert binary.kernels == (probe.name,)
    assert 0 < binary.resources[probe.name].registers <= 255
    assert binary.notes == ()


@pytest.mark.parametrize(("probe", "arch"), LACKING, ids=_id)
def test_instruction_that_the_architecture_lacks(probe, arch):
    needs_nvrtc_for(arch)
    with pytest.raises(errors.UnsupportedInstructionError) as caught:
        cuda.compile_cuda(probe.source, arch)
    assert arch in caught.value.message
    assert "target" in caught.value.got


def test_every_architecture_has_a_probe_of_its_own():
    assert {arch for probe in PROBES for arch in probe.archs} == set(ALL)
    assert {probe.name for probe in PROBES if not probe.lacking} == {"add", "mma_884"}
