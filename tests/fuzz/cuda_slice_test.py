"""The fixed-seed slice of the CUDA target on the GPU of this machine."""

import fuzz_campaign
import pytest
from fuzz_backends import Cuda
from fuzz_campaign import SLICE

from tests.support.gpu import torch_with_gpu

_ARCH = torch_with_gpu()[1]


@pytest.fixture(scope="module")
def report():
    gpu = Cuda(f"cuda -arch={_ARCH}")
    try:
        yield fuzz_campaign.run(SLICE, gpu)
    finally:
        gpu.close()


def test_the_gpu_agrees_with_the_evaluator(report):
    print(report.table())
    print(report.summary())
    assert report.failures == [], report.failures[0][1]
    assert report.illegal == []


def test_every_operator_is_compared_with_every_type_and_shape(report):
    assert report.missing() == []
