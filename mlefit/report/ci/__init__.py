"""What continuous-integration systems read of a gate, each in a module of its own.

`junit` and `gitlab` make a file; `github` speaks to the runner. All read the same record, none
changes the exit code, and several can be written in one run.
"""
