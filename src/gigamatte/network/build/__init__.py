"""BiRefNet as an ONNX graph, built from published weights without PyTorch."""
