"""What stands behind `fastneuron.Perceptron`: rules, kernels for dense and for sparse rows, the training loop."""
