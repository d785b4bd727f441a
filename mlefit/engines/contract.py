"""What an engine is: rows seen through predictors, over which functions of blocks are added up.

Whoever fits speaks to this and to nothing else, so that it does not know whether the rows are
in this process or on the workers of a cluster.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from numpy.typing import NDArray

from mlefit._types import Rows
from mlefit.design.blocks import Block, Form
from mlefit.design.columns import TARGET
from mlefit.design.predictors import Predictor, is_coded
from mlefit.errors import MOST_SQUARE, TooWideError
from mlefit.telling import Tell

if TYPE_CHECKING:
    from mlefit.design.table import Table
    from mlefit.source.place import Place

S = TypeVar("S")
T = TypeVar("T")


class Engine(ABC):
    """Rows, seen through predictors.

    Args:
        predictors: one for each parameter.
        known: keys of the family's known quantities.
        tell: hears of every pass how far it is.
        form: in which blocks hold the columns.

    Attributes:
        passes: made over the rows so far.
    """

    def __init__(
        self,
        predictors: Sequence[Predictor],
        known: Sequence[str],
        tell: Tell,
        *,
        form: Form = Form.MIXED,
    ) -> None:
        self.predictors = tuple(predictors)
        self.known = tuple(known)
        self.tell = tell
        self.form = form
        self.passes = 0

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many there are."""

    @property
    def stands_for(self) -> int:
        """How many rows of the data these are, of which identical ones may be counted."""
        return self.rows

    @abstractmethod
    def __contains__(self, key: object) -> bool:
        """Whether there is a series of this key."""

    @abstractmethod
    def whole(self, key: str) -> NDArray[Any]:
        """One series of all rows, in this process."""

    @abstractmethod
    def thinned(self, key: str, step: int) -> NDArray[Any]:
        """One series at rows 0, step, 2 step, ..., in this process."""

    @abstractmethod
    def total(self, term: Callable[[Block], T], purpose: str = "") -> T:
        """The sum of `term` over all blocks; whatever it returns must add.

        The order of additions differs from engine to engine, so sums agree to rounding, not to
        the bit. The term may be run elsewhere, so what it does beside returning is lost.

        Args:
            term: what is added.
            purpose: what the pass is for, in a word or three.
        """

    @abstractmethod
    def each(self, term: Callable[[Block], T], purpose: str = "") -> list[T]:
        """What `term` returns for every block, in row order; it may be run elsewhere."""

    @abstractmethod
    def blocks(self, purpose: str = "") -> Generator[Block]:
        """Every block in row order, one pass in this thread of this process."""

    @abstractmethod
    def every(self, step: int) -> Engine:
        """Every so many rows, through the same predictors, in this process."""

    def runs(self, step: int) -> Engine:
        """About as many rows, together in long runs where they need not be copied then."""
        return self.every(step)

    @abstractmethod
    def kept(self, keep: NDArray[Any]) -> Engine:
        """The rows for which a mask over all rows holds, through the same predictors."""

    @abstractmethod
    def replaced(self, key: str, values: NDArray[Any]) -> Engine:
        """The same rows with other values of a series, or with one more."""

    @abstractmethod
    def _through(self, predictors: Sequence[Predictor], tell: Tell, *, form: Form) -> Engine:
        """The same rows through other predictors, with another listener, in a form."""

    def with_predictors(self, predictors: Sequence[Predictor]) -> Engine:
        """The same rows seen through other predictors; the count of passes goes on."""
        return self._counting_on(self._through(predictors, self.tell, form=self.form))

    def telling(self, tell: Tell) -> Engine:
        """The same rows, with another listener; the count of passes goes on."""
        return self._counting_on(self._through(self.predictors, tell, form=self.form))

    def knowing(self, key: str) -> Engine:
        """The same rows, with one more series among the known quantities of a block."""
        engine = self._through(self.predictors, self.tell, form=self.form)
        engine.known = (*self.known, key)
        return self._counting_on(engine)

    def written_out(self) -> Engine:
        """The same rows with every column as numbers, in blocks short enough for that.

        Raises:
            TooWideError: they are too many.
        """
        widest = max((predictor.size for predictor in self.predictors), default=0)
        if widest > MOST_SQUARE:
            raise TooWideError(widest)
        if not is_coded(self.predictors):
            return self
        return self._counting_on(self._through(self.predictors, self.tell, form=Form.NUMBERS))

    def in_place(self) -> Engine:
        """The same rows in long blocks whose columns are not copied, which suits sums of each.

        Columns that are codes or turned are held as ever.
        """
        turned = any(predictor.basis.triangle is not None for predictor in self.predictors)
        if turned or is_coded(self.predictors):
            return self
        return self._counting_on(self._through(self.predictors, self.tell, form=Form.VIEWS))

    def afresh(self) -> Engine:
        """The same rows through the same predictors, of which no pass is made yet."""
        return self._through(self.predictors, self.tell, form=self.form)

    def with_target(self, y: Rows) -> Engine:
        """The same rows with other values of the target."""
        return self.replaced(TARGET, y)

    def _pass(self, purpose: str) -> str:
        """What a listener is told of the pass that begins."""
        return f"pass {self.passes}{purpose and f' ({purpose})'}, rows"

    def _counting_on(self, engine: Engine) -> Engine:
        engine.passes = self.passes
        return engine


class Site(ABC):
    """A place where passes over rows run."""

    @abstractmethod
    def reads(self, place: Place | None) -> bool:
        """Whether rows that lie somewhere are read there, and not sent from here."""

    @abstractmethod
    def engine(self, table: Table, predictors: Sequence[Predictor], known: Sequence[str]) -> Engine:
        """The rows of a table, brought there."""

    @abstractmethod
    def ordered(self, function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
        """What a function returns for every item, in their order; it may be run elsewhere."""
