"""Runs on disk.

`store` is the sink of a run that goes there: `layout` makes its folder, `lock` keeps others from writing, `arrays` has
its files of numbers, `about` the one file that says what it is, `serialization` the recipe as plain data.  `resume`
opens a store and goes on with it; `damage` is how all of them say that a file is not what was written.
"""
