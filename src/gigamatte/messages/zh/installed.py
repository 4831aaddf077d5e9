"""What ``doctor`` and ``models`` print: what is installed, what each network is for, why a device is not used."""

INSTALLED: dict[str, str] = {
    # doctor
    "CPU: {} usable, {}": "CPU：可用 {} 个，{}",
    "; {} GB of memory free": "；空闲内存 {} GB",
    "precision on this CPU: {}": "此 CPU 上的精度：{}",
    "bf16 for large networks ({}), f32 for the locator": "大网络用 bf16（{}），locator 用 f32",
    "f32: this CPU has neither AMX nor AVX512_BF16": "f32：此 CPU 既无 AMX 也无 AVX512_BF16",
    "unknown: OpenVINO does not start: {}": "未知：OpenVINO 无法启动：{}",
    "OpenVINO says so": "据 OpenVINO 所报",
    "packages: {}": "软件包：{}",
    "runtime {}: {}": "推理引擎 {}：{}",
    "device {}: no: {} ({})": "设备 {}：不可用：{}（{}）",
    "device {}: usable": "设备 {}：可用",
    "{}: the embedded network failed: {}": "{}：内置网络运行失败：{}",
    "{}: a look of the embedded network in {} s, {}; loaded in {} s": "{}：内置网络看一次 {} 秒，{}；加载 {} 秒",
    "--device auto takes the CPU: no GPU runtime is usable here": "--device auto 使用 CPU：此处没有可用的 GPU 推理引擎",
    "networks: {}; --model auto takes {}": "网络：{}；--model auto 使用 {}",
    "cache: {}; your model cards: {}": "缓存：{}；你的模型卡：{}",
    "problem: {}": "问题：{}",
    "; ": "；",
    "no problems found": "没有发现问题",
    # why a runtime or a device is not used
    "does not load: {}": "无法加载：{}",
    "onnxruntime is not installed": "没有安装 onnxruntime",
    "onnxruntime does not load: {}": "onnxruntime 无法加载：{}",
    "onnxruntime {} is older than {}.{}, the first with DeformConv": "onnxruntime {} 早于首个支持 DeformConv 的 {}.{}",
    "the installed onnxruntime {} was built without {}": "已安装的 onnxruntime {} 不含 {}",
    "and no NVIDIA driver was found (no nvidia-smi)": "也没有找到 NVIDIA 驱动（没有 nvidia-smi）",
    "this is not a Mac": "这不是 Mac",
    "Macs only": "仅限 Mac",
    "this is not Windows": "这不是 Windows",
    "Windows only": "仅限 Windows",
    "OpenVINO lists no GPU": "OpenVINO 没有列出 GPU",
    "install the GPU's compute driver, if there is an Intel GPU": "若有英特尔 GPU，请安装其计算驱动",
    "reinstall openvino": "请重新安装 openvino",
    "check the driver and the CUDA and cuDNN libraries": "请检查驱动以及 CUDA 和 cuDNN 库",
    "onnxruntime is there and has nothing in it, as it is left when one of its two builds is uninstalled": (
        "onnxruntime 存在但内容为空：它的两个包卸载其一后就会这样"
    ),
    "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install the one that you want": (
        "先 pip uninstall -y onnxruntime onnxruntime-gpu，再 pip install 需要的那个"
    ),
    "pip uninstall -y onnxruntime onnxruntime-gpu, then pip install 'gigamatte[cuda]'": (
        "先 pip uninstall -y onnxruntime onnxruntime-gpu，再 pip install 'gigamatte[cuda]'"
    ),
    "pip install 'gigamatte[onnx]' on a Mac": "在 Mac 上 pip install 'gigamatte[onnx]'",
    "pip install 'gigamatte[onnx]'": "pip install 'gigamatte[onnx]'",
    "pip install onnxruntime-directml on Windows": "在 Windows 上 pip install onnxruntime-directml",
    # models list
    "name | here | sees | MB | licence | for": "名称 | 已装 | 输入 | MB | 许可 | 用途",
    "yes": "是",
    "digest from the hub, not pinned: {}": "摘要来自模型库，未固定：{}",
    "digest from the first download, not pinned: {}": "摘要来自首次下载，未固定：{}",
    "not for commercial use: {}": "不可商用：{}",
    "--model auto takes {} here.": "此处 --model auto 使用 {}。",
    "embedded default: finds the subject anywhere, takes hints, nothing to download": "内置默认：在任何照片中找到主体，可接受点选提示，无需下载",
    "anything: products, people, animals": "通用：商品、人物、动物",
    "anything, several times faster, edges less sure": "通用，快数倍，边缘把握较小",
    "fine structure: sees 2048×2048, about 4 times the work": "精细结构：输入 2048×2048，计算量约 4 倍",
    "hair, fur, veils: soft alpha at 2048×2048": "头发、毛皮、薄纱：2048×2048 的柔和透明度",
    "hair, fur, veils: soft alpha at 1024×1024": "头发、毛皮、薄纱：1024×1024 的柔和透明度",
    "people only": "仅限人物",
    "hair and veils in very wide or tall photos: takes its shape from the photo": (
        "很宽或很高的照片中的头发与薄纱：输入形状随照片而定"
    ),
    "hair, fur, veils, several times faster": "头发、毛皮、薄纱，快数倍",
    "fine structure with the small backbone: sees about 2560×1440": "小骨干网络看精细结构：输入约 2560×1440",
    "glass, glow, text, drawings: birefnet-hr trained further, at 1024²": (
        "玻璃、发光、文字、插画：在 birefnet-hr 基础上继续训练，输入 1024²"
    ),
    "anything: BiRefNet made deeper (2026), a fifth more work": "通用：加深的 BiRefNet（2026），计算量多五分之一",
    "anything: sees the photo whole and in quarters (2025)": "通用：既看整张照片，也看它的四个部分（2025）",
    "ready-made ONNX, answers in float16; prefer ben2": "现成的 ONNX，以 float16 输出；建议用 ben2",
    "very wide or tall photos: takes its shape from the photo": "很宽或很高的照片：输入形状随照片而定",
    "ready-made ONNX of 2024: 8-14 GB of memory; prefer birefnet": "2024 年的现成 ONNX：需 8-14 GB 内存；建议用 birefnet",
    "anything; built without the memory hunger of its ONNX files": "通用；自行构建，不像其 ONNX 文件那样耗内存",
    "ready-made ONNX: 8-14 GB of memory; prefer rmbg-2.0": "现成 ONNX：需 8-14 GB 内存；建议用 rmbg-2.0",
    "ready-made ONNX with 8-bit weights: a smaller file, rougher edges": "8 位权重的现成 ONNX：文件较小，边缘较粗糙",
    "products with hard edges": "边缘清晰的商品",
    "the classic of 2020, sees 320×320": "2020 年的经典网络，输入 320×320",
    "the same, 4 MB": "同上，4 MB",
    "u2net made smaller": "缩小版 u2net",
    # the other commands of models
    "{}: digest from the source, not pinned: sha256 {}": "{}：摘要来自下载来源，未固定：sha256 {}",
    "{}: ok, sha256 {}": "{}：正常，sha256 {}",
    "{}: ok, sha256 {} (not pinned)": "{}：正常，sha256 {}（未固定）",
    "{} and {}: mean difference {}, largest {} of alpha 0…1": "{} 与 {}：平均差 {}，最大差 {}（透明度 0…1）",
    "{} is licensed {}: not for commercial use": "{} 的许可是 {}：不可商用",
    "{}: {} MB freed": "{}：释放 {} MB",
    "no digest": "没有摘要",
    "{} is not verified: the card {} has {}, the file {}…; the graph says verified=false": (
        "{} 未经校验：模型卡 {} 为 {}，文件为 {}…；图中标明 verified=false"
    ),
}
