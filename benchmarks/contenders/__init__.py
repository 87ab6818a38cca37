"""One file for each contender: a function per task that prepares and returns the program to be timed.

The function has the task's name in lower case, takes the task, the number of threads and the contender's own options,
and returns a function without arguments: it does the task and returns the answer, or, where finding the answer is no
part of the task (predictions after a training), a function that does.  A contender imports its own library, NumPy, and
nothing of fastneuron, so that it can run in an environment of its own.  What it is not written for ends in a
NotImplementedError.
"""
