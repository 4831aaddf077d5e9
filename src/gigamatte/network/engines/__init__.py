"""The runtimes that run a network, each as an Engine; only here are openvino and onnxruntime imported."""
