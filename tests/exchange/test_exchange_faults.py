"""Random faults on the line: the item is complete and equal, or the upload fails; never a wrong success."""

from __future__ import annotations

import os
import random

import pytest
from fault_server import PASS, Fault, random_fault, running_faults
from sending_tools import IMPATIENT, is_whole, send

from osvc_diag.errors import ExchangeError

SCHEDULES = int(os.environ.get("OSVC_DIAG_TEST_SCHEDULES", "48"))
BATCHES = 8  # for parallel workers


def run_schedule(seed: int, exchange, folder: str) -> str:
    """Play one schedule; return how it ended."""
    source = random.Random(seed)
    content = source.randbytes(source.choice([1, 100, 32 * 1024, 70_000, 200_000, 333_333, 800_000]))
    path = os.path.join(folder, f"bundle-{seed}.tar.gz")
    with open(path, "wb") as file:
        file.write(content)
    rate = source.choice([0.1, 0.3, 0.6, 0.9])
    faults = [random_fault(source, rate) for _ in range(source.choice([5, 20, 60]))]
    blocked = source.choice([(), (), ("/+upload/new",), ("/+upload/new", "/apis/rest/items")])

    def script(method: str, path: str) -> Fault:
        if path in blocked:
            return Fault("answer", status=404)
        return faults.pop(0) if faults else PASS

    outcome = "delivered"
    with running_faults(exchange.url, script) as line:
        try:
            receipt = send(path, line.url, policy=IMPATIENT)
        except ExchangeError as error:
            outcome = f"{type(error).__name__}: {error}"
            with open(path, "rb") as file:
                assert file.read() == content, f"seed {seed}: the bundle was touched"
            # The line is good from now on: the same command goes on, whatever state was left.
            faults.clear()
            receipt = send(path, line.url, policy=IMPATIENT)
    assert is_whole(exchange, receipt.item, path), f"seed {seed}: {outcome}, {receipt}"
    os.unlink(path)
    return outcome


@pytest.mark.parametrize("batch", range(BATCHES))
def test_never_a_wrong_success_under_random_faults(batch: int, exchange, tmp_path) -> None:
    outcomes = [run_schedule(seed, exchange, str(tmp_path)) for seed in range(batch, SCHEDULES, BATCHES)]
    assert len(outcomes) == len(range(batch, SCHEDULES, BATCHES))
