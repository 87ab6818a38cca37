"""A run, from its arguments to its result.

`recipe` checks what decides the bits, `plan` how it is carried out, `resources` whether it fits.  `execute` takes the
recipe's shards to their end, here or on the workers of `executors`; each is a population that `scheduler` spreads over
threads, chunk by chunk of time, while `summary` keeps what was asked for up to date.  Results go to a sink, memory or a
store, and come back as a `run`.
"""
