"""Faster implementations of Keras's layers, the 94 % net, and Muon for convolutions."""
