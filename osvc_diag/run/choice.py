"""What of all that collectors name is wanted: the profile, `--only` and `--skip`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from osvc_diag.errors import PluginUnavailableError
from osvc_diag.objects.globs import compile_glob, is_glob
from osvc_diag.plugin.profile import Profile
from osvc_diag.plugin.sources import CommandSource
from osvc_diag.printable import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from osvc_diag.gap import Gap
    from osvc_diag.plugin.artifact import Artifact
    from osvc_diag.plugin.collector import Collector
    from osvc_diag.plugin.plugin_manager import Plugins

NEAR_SHOWN = 3
MOST_NEAR = 50  # whose last parts are compared, too
MOST_COMPARED = 5000  # names of artifacts among which the nearest to an unknown one is looked for
COMMANDS = "cmd/"


class Choice:
    """Words without a slash name collectors, the others artifacts, as `--dry-run` prints them, or globs."""

    def __init__(self, profile: Profile, only: Sequence[str], skip: Sequence[str]) -> None:
        self._profile = profile
        self._only = [word for word in only if "/" not in word]
        self._skip = [word for word in skip if "/" not in word]
        self._wanted = [_Word(word) for word in only if "/" in word]
        self._unwanted = [_Word(word) for word in skip if "/" in word]
        self._names: list[str] = []

    def collectors(self, plugins: Plugins) -> tuple[Collector, ...]:
        """Return the collectors that are to be asked.

        One that is named is asked whatever its profile is; all are, where an artifact is named.

        Raises:
            PluginUnavailableError: a name is unknown, or its plugin is not in use.
        """
        chosen = plugins.chosen(self._only, self._skip)
        if self._wanted:
            return plugins.chosen((), self._skip)
        return tuple(
            collector
            for collector in chosen
            if collector.name in self._only or self._profile.includes(collector.profile)
        )

    def names(self, collector: Collector) -> bool:
        """Tell whether a collector was asked for by its name."""
        return collector.name in self._only

    def takes(self, collector: Collector, artifact: Artifact) -> bool:
        """Tell whether an artifact is wanted of a collector; each has to be asked about."""
        if self._profile is Profile.QUICK and isinstance(artifact.source, CommandSource):
            return False
        if len(self._names) < MOST_COMPARED:
            self._names.append(artifact.name)
        is_named = _fits_any(self._wanted, artifact.name)
        if _fits_any(self._unwanted, artifact.name):
            return False
        is_of_named = collector.name in self._only
        if is_named or ((self._only or self._wanted) and not is_of_named):
            return is_named
        return self._profile.includes(
            artifact.profile or (Profile.QUICK if is_of_named else collector.profile)
        )

    def tells(self, collector: Collector, gap: Gap) -> bool:
        """Tell whether a gap of a collector is one of this run: not where only other artifacts are wanted."""
        if gap.artifact is not None and _fits_any(self._unwanted, gap.artifact):
            return False
        if collector.name in self._only or not (self._only or self._wanted):
            return True
        return gap.artifact is not None and _fits_any(self._wanted, gap.artifact)

    def check(self) -> None:
        """Refuse a word by which no artifact was called; commands that a quick run skips anyway may be.

        Raises:
            PluginUnavailableError: see above.
        """
        is_quick = self._profile is Profile.QUICK
        skipped = [word for word in self._unwanted if not (is_quick and word.text.startswith(COMMANDS))]
        for word in (*self._wanted, *skipped):
            if not word.was_found:
                raise PluginUnavailableError(
                    f"no artifact is called {quoted(word.text)}", hint=self._advice(word.text)
                )

    def _advice(self, text: str) -> str:
        near = [] if is_glob(text) else _nearest(text, self._names)
        if near:
            return "did you mean " + ", ".join(map(printable, near))
        hint = "--dry-run lists what they are called; *, ? and [ab] stand for any characters"
        return hint + ("; --profile quick runs no command" if self._profile is Profile.QUICK else "")


class _Word:
    """A name of artifacts, or a glob, and whether there was any."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.was_found = False
        self._fits = compile_glob(text)

    def fits(self, name: str) -> bool:
        """Tell whether an artifact is called so; as it is printed, or as it really is."""
        found = any(map(self._fits, _spellings(name)))
        self.was_found = self.was_found or found
        return found


def _nearest(text: str, names: Sequence[str]) -> list[str]:
    """Return the names that may have been meant: files of one folder are alike but for their last part."""
    import difflib  # noqa: PLC0415 - few misspell, and all would wait for it

    last = text.rpartition("/")[2]
    near = difflib.get_close_matches(text, names, n=MOST_NEAR)
    return [name for name in near if difflib.get_close_matches(last, [name.rpartition("/")[2]])][:NEAR_SHOWN]


def _fits_any(words: Sequence[_Word], name: str) -> bool:
    """Ask every one of them, for each has to learn that it was found."""
    return sum(word.fits(name) for word in words) > 0


def _spellings(name: str) -> Iterator[str]:
    yield name
    if not name.isprintable():
        yield printable(name)
