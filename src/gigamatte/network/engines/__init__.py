"""The runtimes that run a network, each behind the Engine protocol; the only home of openvino and onnxruntime."""
