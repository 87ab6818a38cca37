"""What drives a neuron: waveforms and noise."""
