from __future__ import annotations

import os
import tempfile

from making_journals import MACHINE, journal_path, make_om3_node

from osvc_diag.gap import State
from osvc_diag.journal.places import find_journal

OTHER = "0" * 32


def told(node):
    return [(gap.state, gap.reason, gap.artifact) for gap in find_journal(node).gaps]


class TestWhatIsThere:
    def test_a_persistent_journal_has_no_gap(self, om3, give_journal):
        path = give_journal()
        assert find_journal(om3).files == (path,)
        assert find_journal(om3).gaps == ()

    def test_the_files_of_one_machine_and_of_the_system_alone_are_taken(self, om3, give_journal):
        live = give_journal()
        archived = give_journal(name="system@0005-1.journal~")
        give_journal(name="user-1000.journal")
        give_journal(name="system.journal.zst")
        os.utime(archived, (1, 1))
        os.makedirs(os.path.dirname(journal_path(om3.root, machine=OTHER)))
        os.link(live, journal_path(om3.root, machine=OTHER))
        assert find_journal(om3).files == (archived, live)

    def test_a_copy_whose_machine_is_not_known_has_the_journal_of_every_machine(self, om3, give_journal):
        path = give_journal()
        with open(f"{om3.root}/etc/machine-id", "w", encoding="ascii") as file:
            file.write(OTHER)
        assert find_journal(om3).files == (path,)


class TestWhatIsMissing:
    def test_no_journal_is_a_gap_that_tells_how_to_have_one(self, om3):
        (gap,) = find_journal(om3).gaps
        assert (gap.state, gap.reason) == (State.MISSING, f"there is no journal below {om3.root}")
        assert "mkdir -p /var/log/journal" in gap.hint
        assert "Storage=persistent" in gap.hint

    def test_a_volatile_journal_is_read_and_is_a_gap_all_the_same(self, om3, give_journal):
        path = give_journal(volatile=True)
        journal = find_journal(om3)
        assert journal.files == (path,)
        assert [gap.state for gap in journal.gaps] == [State.MISSING]
        assert "volatile: what was before the last boot is lost" in journal.gaps[0].reason
        assert "mkdir -p /var/log/journal" in journal.gaps[0].hint

    def test_what_journald_keeps_in_memory_before_it_writes_is_no_volatile_journal(self, om3, give_journal):
        files = (give_journal(), give_journal(volatile=True))
        assert find_journal(om3).files == files
        assert find_journal(om3).gaps == ()


class TestWhatIsNotRead:
    def test_a_link_out_of_the_copy_is_not_followed(self, om3, sample_journal):
        path = journal_path(om3.root)
        os.makedirs(os.path.dirname(path))
        os.symlink(sample_journal, path)
        assert find_journal(om3).files == ()
        ((state, _, name),) = told(om3)
        assert (state, name) == (State.SKIPPED, f"file/var/log/journal/{MACHINE}/system.journal")

    def test_a_folder_that_leads_out_of_the_copy_is_not_entered(self, om3, sample_journal):
        folder = os.path.dirname(os.path.dirname(journal_path(om3.root)))
        os.makedirs(folder)
        os.symlink(os.path.dirname(sample_journal), f"{folder}/{MACHINE}")
        assert find_journal(om3).files == ()
        assert len(told(om3)) == 1

    def test_what_is_no_regular_file_is_not_opened(self, om3):
        path = journal_path(om3.root)
        os.makedirs(os.path.dirname(path))
        os.mkfifo(path)
        assert find_journal(om3).files == ()
        assert [state for state, _, _ in told(om3)] == [State.SKIPPED]

    def test_a_file_that_was_cut_off_is_told_for_journalctl_would_pass_over_it(self, om3, give_journal):
        path = give_journal()
        os.truncate(path, os.stat(path).st_size - 4096)
        assert find_journal(om3).files == ()
        ((state, reason, name),) = told(om3)
        assert (state, name) == (State.FAILED, f"file/var/log/journal/{MACHINE}/system.journal")
        assert reason == "is cut off: journalctl ignores such a file as a whole"

    def test_a_file_of_something_else_is_told(self, om3):
        path = journal_path(om3.root)
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(b"x" * 10_000)
        assert [(state, reason) for state, reason, _ in told(om3)] == [
            (State.FAILED, "is no journal file, or its beginning is damaged")
        ]

    def test_what_may_not_be_read_is_told_with_the_group_that_may(self, sample_journal, ordinary_user):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            node = make_om3_node(folder)
            path = journal_path(folder)
            os.makedirs(os.path.dirname(path))
            with open(sample_journal, "rb") as source, open(path, "wb") as file:
                file.write(source.read())
            os.chmod(path, 0)
            with ordinary_user():
                journal = find_journal(node)
            assert journal.files == ()
            (gap,) = journal.gaps
            assert (gap.state, gap.reason) == (State.DENIED, "may not be read")
            assert "systemd-journal" in gap.hint
