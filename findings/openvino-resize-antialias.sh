#!/usr/bin/env bash
# OpenVINO 2026.4.1 (and 2025.4) loads an ONNX Resize with antialias=1 and leaves the antialiasing out, without an error
# or a word: the answer is bit for bit that of antialias=0. ONNX Runtime 1.32 follows the ONNX specification. Met with
# background removal networks whose exported graph shrinks the photo itself.
#
# Seen: shrinking noise in 0…1 from 96×96 to 12×12, OpenVINO's two answers are equal, and up to 0.36 from ONNX
# Runtime's antialiased one. This script fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'openvino==2026.4.1' 'onnx==1.23.2' 'onnxruntime==1.32.0' 'numpy==2.4.6'
cd "$work"
CI=true venv/bin/python - <<'PYTHON'
import io

import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper


def model(antialias: int) -> bytes:
    """(1, 1, 96, 96) → (1, 1, 12, 12), linear, half pixels: as PyTorch exports an antialiased interpolate."""
    node = helper.make_node(
        "Resize", ["x", "", "", "sizes"], ["y"], mode="linear", antialias=antialias,
        coordinate_transformation_mode="pytorch_half_pixel",
    )
    sizes = numpy_helper.from_array(np.array([1, 1, 12, 12], np.int64), "sizes")
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 96, 96])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 12, 12])
    graph = helper.make_graph([node], "shrink", [x], [y], [sizes])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9).SerializeToString()


def by_openvino(data: bytes) -> np.ndarray:
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(io.BytesIO(data)), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled([noise])[0].copy()


noise = np.random.default_rng(0).random((1, 1, 96, 96)).astype(np.float32)
plain, antialiased = by_openvino(model(0)), by_openvino(model(1))
session = onnxruntime.InferenceSession(model(1), providers=["CPUExecutionProvider"])
right = session.run(None, {"x": noise})[0]
off = float(np.abs(antialiased - right).max())
print(f"openvino {openvino.__version__}: antialias=1 equals antialias=0: {np.array_equal(plain, antialiased)}")
print(f"largest difference from ONNX Runtime {onnxruntime.__version__}: {off:.2f} of full scale")
print(f"spread of the answers (noise that is averaged is flat): {antialiased.std():.3f} against {right.std():.3f}")
assert np.array_equal(plain, antialiased), "OpenVINO heeds antialias now"
assert off > 0.3, "the difference is gone"
PYTHON
