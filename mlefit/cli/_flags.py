"""Groups of flags that commands share: a command names its groups and gets them all.

The flags stand in the order of the groups; those of one command alone are a group of its own.
Typer reads the signature that `takes` puts together.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import typer

from mlefit.cli import model_options as model
from mlefit.cli import options as opt

Flags: TypeAlias = Mapping[str, tuple[Any, Any]]
"""Name of the argument -> its annotation and its default."""

Returned = TypeVar("Returned")

ROLES: Flags = {
    "offset": (model.Offset, None),
    "exposure": (model.Exposure, None),
    "trials": (model.Trials, None),
}
PARTLY_SEEN: Flags = {
    "event": (model.Event, None),
    "lower": (model.Lower, None),
    "upper": (model.Upper, None),
    "censored_below": (model.CensoredBelow, None),
    "censored_above": (model.CensoredAbove, None),
    "truncated_below": (model.TruncatedBelow, None),
    "truncated_above": (model.TruncatedAbove, None),
}
TARGET: Flags = {
    "target": (model.Target, None),
    "features": (model.Features, None),
    "levels": (model.Levels, None),
}
MODEL: Flags = {
    "family": (model.Family, None),
    "loss": (model.Loss, None),
    **TARGET,
    "links": (model.Links, None),
    "models": (model.Models, None),
    "fix": (model.Fix, None),
}
PRIOR: Flags = {
    "priors": (model.Priors, None),
    "l2": (model.L2, None),
    "l1": (model.L1, None),
}
ROWS: Flags = {
    "where": (opt.Where, None),
    "missing": (opt.Missing, "drop"),
    "max_dropped": (opt.MaxDropped, None),
    "input_format": (opt.InputFormat, None),
}
WEIGHTS: Flags = {
    "freq_weights": (opt.FreqWeights, None),
    "precision_weights": (opt.PrecisionWeights, None),
    "sampling_weights": (opt.SamplingWeights, None),
}
ENGINE: Flags = {
    "engine": (opt.Engine, "local"),
    "scheduler": (opt.Scheduler, None),
}
SEARCH: Flags = {
    **ENGINE,
    "threads": (opt.Threads, None),
    "tol": (opt.Tolerance, 1e-10),
    "max_iter": (opt.MaxIter, 100),
    "seed": (opt.Seed, 1),
}
MEMORY: Flags = {"max_memory": (opt.MaxMemory, None)}
ERRORS: Flags = {
    "se": (opt.StandardErrors, None),
    "ci": (opt.Intervals, None),
    "cluster": (opt.Cluster, None),
    "small_sample": (opt.SmallSample, False),
    "conf_level": (opt.ConfLevel, 0.95),
}
RESAMPLING: Flags = {
    "bootstrap": (opt.Drawn, None),
    "bootstrap_interval": (opt.DrawnInterval, None),
    "replications": (opt.Replications, None),
}
PICTURES: Flags = {"plot": (opt.Plot, "auto")}
FORMAT: Flags = {"form": (opt.Format, "text")}
LOOKS: Flags = {
    "output": (opt.Output, None),
    "color": (opt.Colour, "auto"),
    "ascii_only": (opt.Ascii, False),
    "quiet": (opt.Quiet, False),
    "verbose": (opt.Verbose, False),
}
STRICT: Flags = {"strict": (opt.Strict, False)}
PROGRAM: Flags = {"debug": (opt.Debug, False)}


def takes(
    *groups: Flags,
) -> Callable[[Callable[..., Returned]], Callable[..., Returned]]:
    """Give a command the flags of these groups.

    Args:
        groups: in the order of the help text. The command is a function of the context and
            of the flags as keyword arguments.
    """

    def dressed(command: Callable[..., Returned]) -> Callable[..., Returned]:
        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [
            inspect.Parameter("ctx", keyword, annotation=typer.Context),
            *(
                inspect.Parameter(name, keyword, default=default, annotation=annotation)
                for group in groups
                for name, (annotation, default) in group.items()
            ),
        ]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return dressed
