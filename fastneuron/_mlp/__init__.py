"""The inside of the multi-layer perceptron: one idea per file."""
