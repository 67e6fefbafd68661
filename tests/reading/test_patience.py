from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from osvc_diag.reading import patience as patience_module
from osvc_diag.reading.patience import AHEAD, PARCEL, ForeignExitError, PatientReader, StalledError

READER = "osvc_diag reader"
STALL = 0.05  # seconds: what is stuck in here is stuck forever


others: set[threading.Thread] = set()


def threads() -> list[threading.Thread]:
    """The reader threads that this test began."""
    return [thread for thread in threading.enumerate() if thread.name == READER and thread not in others]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    others.clear()
    others.update(threading.enumerate())
    yield
    for thread in threads():
        thread.join(timeout=30)
    assert threads() == []


@pytest.fixture
def patient():
    reader = PatientReader(stall=30)
    yield reader
    reader.close()


@pytest.fixture
def stuck():
    """A stream that hangs until the test is over."""
    over = threading.Event()

    def stream():
        yield b"first"
        over.wait(60)
        yield b"never wanted"

    yield stream
    over.set()


class TestStreams:
    def test_all_blocks_come_in_order(self, patient):
        blocks = [bytes([number % 256]) * (number * 1000) for number in range(200)]
        assert b"".join(patient.blocks(lambda: iter(blocks))) == b"".join(blocks)

    def test_one_thread_serves_all_streams(self, patient):
        seen = set()

        def stream():
            seen.add(threading.get_ident())
            yield b"x"

        for _ in range(50):
            assert list(patient.blocks(stream)) == [b"x"]
        assert len(seen) == 1
        assert threading.get_ident() not in seen

    def test_empty_blocks_are_left_out(self, patient):
        assert list(patient.blocks(lambda: iter([b"", b"a", b"", b""]))) == [b"a"]
        assert list(patient.blocks(lambda: iter([]))) == []

    def test_no_thread_runs_before_the_first_block_is_asked_for(self, patient):
        stream = patient.blocks(lambda: iter([b"x"]))
        assert threads() == []
        assert next(stream) == b"x"
        assert len(threads()) == 1
        stream.close()

    def test_a_small_stream_is_handed_over_at_once(self, patient, monkeypatch):
        """15,000 small files: one exchange between the threads for each, not one for each block."""
        parcels = []
        real = patience_module.PatientReader._wait
        monkeypatch.setattr(
            PatientReader, "_wait", lambda self, *rest: parcels.append(1) or real(self, *rest)
        )
        assert list(patient.blocks(lambda: iter([b"a", b"b", b"c"]))) == [b"a", b"b", b"c"]
        assert len(parcels) == 1

    def test_the_thread_is_only_so_far_ahead(self, patient):
        made = []

        def endless():
            while True:
                made.append(1)
                yield b"x" * PARCEL

        stream = patient.blocks(endless)
        for _ in range(10):
            next(stream)
        for _ in range(100):
            time.sleep(0.001)
        assert len(made) <= 10 + AHEAD + 2
        stream.close()

    def test_a_stream_that_is_left_is_closed_in_its_thread(self, patient):
        closed = threading.Event()

        def endless():
            try:
                while True:
                    yield b"x" * PARCEL
            finally:
                closed.set()

        stream = patient.blocks(endless)
        next(stream)
        stream.close()
        assert closed.wait(30)
        assert list(patient.blocks(lambda: iter([b"next"]))) == [b"next"]

    def test_a_stream_that_is_forgotten_is_closed_too(self, patient):
        closed = threading.Event()

        def endless():
            try:
                while True:
                    yield b"x" * PARCEL
            finally:
                closed.set()

        for _ in patient.blocks(endless):
            break
        gc.collect()
        assert closed.wait(30)


class TestErrors:
    def test_what_a_stream_raises_comes_after_its_blocks(self, patient):
        def stream():
            yield b"before"
            raise KeyError("boom")

        blocks = patient.blocks(stream)
        assert next(blocks) == b"before"
        with pytest.raises(KeyError, match="boom"):
            next(blocks)
        assert list(patient.blocks(lambda: iter([b"next"]))) == [b"next"]

    def test_what_making_it_raises_comes_too(self, patient):
        with pytest.raises(FileNotFoundError):
            list(patient.blocks(lambda: open("/nonexistent")))  # noqa: SIM115

    @pytest.mark.parametrize("exit_", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
    def test_a_plugin_that_exits_ends_only_itself(self, patient, exit_):
        def leave():
            raise exit_

        with pytest.raises(ForeignExitError, match=type(exit_).__name__):
            patient.call(leave, timeout=30)
        assert patient.call(lambda: 1, timeout=30) == 1


class TestCalls:
    def test_a_call_returns_its_value(self, patient):
        assert patient.call(lambda: [1, 2], timeout=30) == [1, 2]
        assert patient.call(lambda: None, timeout=30) is None

    def test_a_call_that_does_not_return_is_given_up(self):
        patient, over = PatientReader(), threading.Event()
        with pytest.raises(StalledError, match=r"no answer for 0\.05 s"):
            patient.call(lambda: over.wait(60), timeout=STALL)
        assert patient.call(lambda: 5, timeout=30) == 5
        over.set()
        patient.close()


class TestStalls:
    def test_a_source_that_never_answers_is_given_up_and_the_run_goes_on(self, stuck):
        patient = PatientReader(stall=STALL)
        with pytest.raises(StalledError, match="no answer for"):
            list(patient.blocks(stuck))
        assert list(patient.blocks(lambda: iter([b"next"]))) == [b"next"]
        assert len(threads()) == 2
        patient.close()

    def test_a_slow_source_is_no_stuck_one(self):
        """It sends less than a parcel in all that time, and goes on."""
        patient = PatientReader(stall=1.5)

        def slow():
            for _ in range(40):
                time.sleep(0.05)
                yield b"x"

        assert b"".join(patient.blocks(slow)) == b"x" * 40
        patient.close()

    def test_work_without_output_is_no_stuck_source(self):
        patient = PatientReader(stall=1.5)

        def measuring():
            for _ in range(40):
                time.sleep(0.05)
                yield b""
            yield b"done"

        assert list(patient.blocks(measuring)) == [b"done"]
        patient.close()

    def test_the_time_that_a_block_is_worked_on_does_not_count(self):
        patient = PatientReader(stall=1.0)
        blocks = patient.blocks(lambda: iter([b"x" * PARCEL] * (AHEAD + 3)))
        next(blocks)
        time.sleep(1.2)
        assert len(list(blocks)) == AHEAD + 2
        patient.close()

    def test_a_dead_file_system_is_waited_for_once(self, stuck):
        patient = PatientReader(stall=STALL)
        with pytest.raises(StalledError):
            list(patient.blocks(stuck, place="/srv"))
        for _ in range(1000):
            with pytest.raises(StalledError, match="'/srv' did not answer before"):
                list(patient.blocks(stuck, place="/srv"))
        assert len(threads()) <= 1
        assert list(patient.blocks(lambda: iter([b"x"]), place="/data")) == [b"x"]
        patient.close()

    def test_the_patience_halves_with_each_one(self, stuck, monkeypatch):
        monkeypatch.setattr(patience_module, "LEAST_STALL", 0.02)
        patient = PatientReader(stall=0.08)
        said = []
        for _ in range(4):
            with pytest.raises(StalledError) as caught:
                list(patient.blocks(stuck))
            said.append(str(caught.value))
        assert said == [f"no answer for {seconds} s" for seconds in ("0.08", "0.04", "0.02", "0.02")]
        patient.close()

    def test_only_so_many_threads_are_left_behind(self, stuck, monkeypatch):
        monkeypatch.setattr(patience_module, "MOST_LEFT_BEHIND", 3)
        patient = PatientReader(stall=0.01)
        for _ in range(10):
            with pytest.raises(StalledError):
                list(patient.blocks(stuck))
        assert len(threads()) == 3
        patient.close()


class TestDeadline:
    def test_nothing_is_waited_for_beyond_it(self, stuck):
        patient = PatientReader(deadline=time.monotonic() + STALL, stall=30)
        with pytest.raises(StalledError, match="--timeout was reached"):
            list(patient.blocks(stuck))
        assert patient.is_late
        patient.close()

    def test_a_stream_that_flows_ends_at_it_as_well(self):
        patient = PatientReader(deadline=time.monotonic() + STALL)

        def endless():
            while True:
                yield b"x" * PARCEL

        with pytest.raises(StalledError, match="--timeout was reached"):
            for _ in patient.blocks(endless):
                pass
        patient.close()

    def test_the_time_of_processors_ends_a_stream_as_well(self):
        patient = PatientReader(cpu_time=0.05)

        def endless():
            while True:
                yield b"x" * PARCEL

        with pytest.raises(StalledError, match="--cpu-time was reached"):
            for _ in patient.blocks(endless):
                pass
        assert patient.is_late
        patient.close()

    def test_without_one_it_is_never_late(self, patient):
        assert not patient.is_late


class TestEnd:
    def test_closing_ends_the_thread_and_may_be_done_twice(self, patient):
        list(patient.blocks(lambda: iter([b"x"])))
        (thread,) = threads()
        patient.close()
        patient.close()
        thread.join(30)
        assert not thread.is_alive()

    @pytest.mark.parametrize("ending", ["", "patient.close()", "raise SystemExit(0)"])
    def test_a_stuck_source_does_not_keep_the_program_from_ending(self, ending):
        code = f"""
            import threading
            from osvc_diag.reading.patience import PatientReader, StalledError
            patient = PatientReader(stall=0.05)
            try:
                patient.call(threading.Event().wait, timeout=0.05)
            except StalledError as error:
                print(error)
            print(*patient.blocks(lambda: iter([b"next"])))
            stream = patient.blocks(lambda: iter([b"x" * (1 << 20)] * 100))
            next(stream)
            {ending}
        """
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.splitlines() == ["no answer for 0.05 s", "b'next'"]
        assert done.stderr == ""


@pytest.fixture
def no_thread(monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.usefixtures("no_thread")
def test_where_no_thread_is_to_be_had_the_caller_reads_itself(patient):
    blocks = [b"x" * PARCEL, b"", b"y"] * AHEAD
    assert list(patient.blocks(lambda: iter(blocks))) == list(filter(None, blocks))
    assert patient.call(lambda: 7, timeout=1) == 7
    with pytest.raises(ForeignExitError, match="SystemExit: 3"):
        patient.call(lambda: sys.exit(3), timeout=1)
    late = PatientReader(deadline=time.monotonic() - 1)
    with pytest.raises(StalledError, match="--timeout was reached"):
        list(late.blocks(lambda: iter(blocks)))
