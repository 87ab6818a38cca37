"""What every kernel is made of; it knows nothing of neurons or layers."""
