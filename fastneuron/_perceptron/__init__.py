"""What stands behind `fastneuron.Perceptron`: the rules, a kernel for dense and one for sparse rows, the training loop."""
