"""Errors, hints and warnings about networks, their weights, downloads and devices."""

NETWORKS: dict[str, str] = {
    "--model takes a name or an ONNX file": "--model 取名称或 ONNX 文件",
    "--model takes a name or an ONNX file, found {}": "--model 取名称或 ONNX 文件，实际是 {}",
    "there is no network called {}": "没有名为 {} 的网络",
    "network {} answered with values that are no numbers": "网络 {} 的输出不是数字",
    "try another --device, or a file in float32": "请换一个 --device，或使用 float32 文件",
    "this installation lacks its own network {}": "此安装缺少自带的网络 {}",
    "use the refiner.onnx of the same gigamatte": "请使用同一版 gigamatte 的 refiner.onnx",
    "this is no refiner for this version: expected an input of {} channels and evidence {}, found {} and evidence {}": (
        "这不是此版本的精修网络：需要 {} 个输入通道和 evidence {}，实际是 {} 和 evidence {}"
    ),
    "reinstall gigamatte": "请重新安装 gigamatte",
    "update gigamatte": "请更新 gigamatte",
    "see `gigamatte doctor`": "参见 `gigamatte doctor`",
    "see `gigamatte models build --help` for safetensors": "safetensors 请参见 `gigamatte models build --help`",
    "gigamatte models get {}": "gigamatte models get {}",
    "did you mean {}?": "是否想用 {}？",
    "`gigamatte models list` shows the known ones": "`gigamatte models list` 会列出已知的网络",
    "gigamatte models remove {} && gigamatte models get {}": "gigamatte models remove {} && gigamatte models get {}",
    "the weights {} should have one shape and type": "权重 {} 应有相同的形状和类型",
    "{}: normalised as for ImageNet, as its authors trained it; their script for this file does not normalise: "
    "--normalise 0/1 does as it does": (
        "{}：按 ImageNet 归一化，与其作者训练时相同；他们用于此文件的脚本不归一化：--normalise 0/1 与该脚本相同"
    ),
    # building and checking
    "the file holds a weight that this network has no use for: {}{}": "文件中有此网络用不到的权重：{}{}",
    "{} is not a whole safetensors file: {}": "{} 不是完整的 safetensors 文件：{}",
    "BEN2 is built for sizes that are multiples of {}, found {}": "BEN2 的尺寸须为 {} 的倍数，实际是 {}",
    "{} has no patches whose order could differ": "{} 没有可有不同顺序的分块",
    "leave --patch-order out": "请去掉 --patch-order",
    "{} is a pickle, which may run any code when it is opened: it is not opened": (
        "{} 是 pickle，打开时可能运行任何代码：因此不打开"
    ),
    "use the model.safetensors that its authors publish, or convert it in an environment that you can lose": (
        "请用其作者公开的 model.safetensors，或在可以丢弃的环境里转换"
    ),
    "BiRefNet is built for sizes that are multiples of {}, found {}": "BiRefNet 的尺寸须为 {} 的倍数，实际是 {}",
    "model card {}: {}": "模型卡 {}：{}",
    "your model card {} takes the name of a known one": "你的模型卡 {} 与已知模型重名",
    "rename it": "请改名",
    "remove its card": "请删除它的模型卡",
    "the weight {} is missing": "缺少权重 {}",
    "the weight {} should have shape {}, found {}": "权重 {} 的形状应为 {}，实际是 {}",
    "the weight {} should be float16 or float32, found {}": "权重 {} 应为 float16 或 float32，实际是 {}",
    "is this the checkpoint that the card names?": "这是模型卡所指的权重文件吗？",
    "{} is published as ONNX and needs no building": "{} 以 ONNX 发布，无需构建",
    "{} is not the network that the card {} names: {}": "{} 不是模型卡 {} 所指的网络：{}",
    "{} takes {} channels, a network here takes 3 (RGB)": "{} 的输入是 {} 通道，这里的网络是 3 通道（RGB）",
    "{} takes {}×{}, the card {} says {}×{}": "{} 的输入是 {}×{}，模型卡 {} 说是 {}×{}",
    "{} takes weights from {}, outside its own folder": "{} 从自己文件夹之外的 {} 读取权重",
    "{} takes weights from {}, which is no file": "{} 从 {} 读取权重，但它不是文件",
    "{} and its weights could not be brought together in {}: {}": "{} 及其权重无法集中到 {}：{}",
    "{} takes weights from {}, which is not beside it": "{} 从 {} 读取权重，但它不在旁边",
    "use a file that holds its own weights": "请使用自带权重的文件",
    "a network file needs exactly one input of 4 axes (N, C, H, W), float32 or float16; found {}": (
        "网络文件须恰有一个 4 轴（N, C, H, W）的 float32 或 float16 输入；实际是 {}"
    ),
    "{} is the image encoder of SAM: it answers with features, not with an alpha": (
        "{} 是 SAM 的图像编码器：它输出特征，而不是透明度"
    ),
    "{} is the decoder of SAM: it needs points and features, not a picture": (
        "{} 是 SAM 的解码器：它需要点和特征，而不是照片"
    ),
    "{} takes 4 channels, as ViTMatte does: a picture and a trimap": "{} 的输入是 4 通道，与 ViTMatte 相同：照片加三分图",
    "use a network that takes a photo and answers with its alpha": "请使用输入照片、输出透明度的网络",
    "{} takes its picture with the channels last (NHWC): {}": "{} 的输入把通道放在最后（NHWC）：{}",
    "export it with the channels first: (1, 3, H, W)": "请以通道在前的形式导出：（1, 3, H, W）",
    "{} takes {} pictures at once: {}": "{} 一次要输入 {} 张照片：{}",
    "export it with a batch of 1, or with a free one": "请以批大小 1 或不固定的批大小导出",
    "{} takes {}: sides lie in 32…8192": "{} 的输入是 {}：边长须在 32…8192",
    "{} answers {}, which is no alpha: it takes {}": "{} 的输出是 {}，不是透明度；输入是 {}",
    "expected an answer of (1, 1, H, W): with several classes, export the probability of the subject alone": (
        "输出应为（1, 1, H, W）：若有多个类别，请只导出主体的概率"
    ),
    "network {} answered with {} that is no alpha: {} for an input of {} pixels": (
        "网络 {} 的输出（{}）不是透明度：{}，输入是 {} 像素"
    ),
    "expected [1, 1, {}, {}]": "应为 [1, 1, {}, {}]",
    "network {} answered with values in {}…{}: neither alpha, which lies in 0…1, nor logits, which are below 0 where the "
    "background is": ("网络 {} 的输出值在 {}…{}：既不是透明度（在 0…1），也不是 logits（背景处小于 0）"),
    "export it with an answer in 0…1, or say `output` = logits in its metadata or card, if it is so": (
        "请导出为 0…1 的输出；若确是 logits，请在其元数据或模型卡中写明 `output` = logits"
    ),
    "{} does not say how it is used: normalised {}, its answers taken as {}": "{} 没有说明用法：输入{}，输出按 {} 处理",
    "{} looks like {}: normalised {}, its answers taken as {}": "{} 看起来是 {}：输入{}，输出按 {} 处理",
    "{} looks like {}: normalised {}, its answers taken as {}; its authors train with ImageNet's mean and deviation, and "
    "leave them out in their script for ONNX: --normalise 0/1 does as the script does": (
        "{} 看起来是 {}：输入{}，输出按 {} 处理；其作者训练时用 ImageNet 的均值和标准差，而他们的 ONNX 脚本没有用："
        "--normalise 0/1 与该脚本相同"
    ),
    "{} is your own file: not one that gigamatte verifies": "{} 是你自己的文件，不在 gigamatte 校验之列",
    "{} was built from weights that are not those of {}": "{} 所用的权重不是 {} 的权重",
    "as for ImageNet": "按 ImageNet 归一化",
    "to -0.5…0.5": "归一化到 -0.5…0.5",
    "to -1…1": "归一化到 -1…1",
    "to 0…1": "归一化到 0…1",
    "alpha or logits by their values": "alpha 或 logits（由数值判断）",
    "{}; --normalise says otherwise": "{}；可用 --normalise 另行指定",
    "--normalise is auto, imagenet, or MEAN/STD of red, green and blue in 0…1; found {}": (
        "--normalise 可取 auto、imagenet，或 0…1 的红绿蓝的 均值/标准差；实际是 {}"
    ),
    "0.5/0.5 gives -1…1, 0.5/1 gives -0.5…0.5, 0/1 leaves 0…1; three numbers each are separated by commas": (
        "0.5/0.5 得到 -1…1，0.5/1 得到 -0.5…0.5，0/1 保持 0…1；三个数之间用逗号分隔"
    ),
    "{} is not an ONNX file: it is empty": "{} 不是 ONNX 文件：它是空的",
    "{} is not an ONNX file, or is cut short or damaged": "{} 不是 ONNX 文件，或不完整、已损坏",
    "{} sees {} pixels and {} {}: they cannot be compared": "{} 的输入是 {} 像素，而 {} 是 {}：无法比较",
    "a network is given uint8 (row, column, RGB) pixels, found {} {}": "网络的输入是 uint8（行，列，RGB）像素，实际是 {} {}",
    "are they of the same weights? another --patch-order would look like this": (
        "它们的权重相同吗？--patch-order 不同也会这样"
    ),
    "--size is HxW in pixels, such as 1024x768; found {}": "--size 是 高x宽 像素，如 1024x768；实际是 {}",
    "--size lies in 64…8192 both ways; found {}": "--size 两个方向都在 64…8192；实际是 {}",
    "--against compares one network with another: name one": "--against 比较两个网络：请指定一个",
    "{} and {} do not answer alike (mean difference {}, at most 0.005 expected)": (
        "{} 与 {} 的输出不一致（平均差 {}，最多应为 0.005）"
    ),
    "OpenVINO computes {} otherwise than ONNX says": "OpenVINO 对 {} 的计算与 ONNX 的规定不同",
    "OpenVINO computes {} otherwise than ONNX says: ONNX Runtime is used": (
        "OpenVINO 对 {} 的计算与 ONNX 的规定不同：改用 ONNX Runtime"
    ),
    "OpenVINO computes {} otherwise than ONNX says; ONNX Runtime did the work": (
        "OpenVINO 对 {} 的计算与 ONNX 的规定不同；由 ONNX Runtime 完成"
    ),
    "{}; ONNX Runtime did the work": "{}；由 ONNX Runtime 完成",
    "{}; the CPU did the work": "{}；由 CPU 完成",
    "the device {} cannot be used: {}; the CPU did the work": "无法使用设备 {}：{}；由 CPU 完成",
    "OpenVINO has no device {} here; it has {}; the CPU did the work": "OpenVINO 在这里没有设备 {}；可用 {}；由 CPU 完成",
    "ONNX Runtime could not start {} and fell back to the CPU; the CPU did the work": "ONNX Runtime 无法启动 {}；由 CPU 完成",
    "ONNX Runtime may run it: pip install 'gigamatte[onnx]'": "ONNX Runtime 或许可以运行：pip install 'gigamatte[onnx]'",
    "{}: sha256 {}": "{}：sha256 {}",
    "the runtimes were not compared: {}": "没有比较两个运行时：{}",
    "OpenVINO and ONNX Runtime: mean difference {}, largest {} of alpha 0…1": (
        "OpenVINO 与 ONNX Runtime：平均差 {}，最大差 {}（透明度 0…1）"
    ),
    "the runtimes do not answer {} alike (mean difference {}, at most 0.005 expected)": (
        "两个运行时对 {} 的输出不一致（平均差 {}，最多应为 0.005）"
    ),
    "one of them has a fault: say so to its makers, and use --device of the other where there is one": (
        "其中之一有错误：请告诉其作者，并在可能时用 --device 选择另一个"
    ),
    # cards of the user
    "{}: model {}: one of path, url, repo must say where its file is": "{}：模型 {}：须用 path、url 或 repo 之一说明文件位置",
    "{}: model {}: there is no field {}": "{}：模型 {}：没有字段 {}",
    "{}: networks are tables named [[model]]": "{}：网络须写在名为 [[model]] 的表中",
    "{} is not a readable TOML file: {}": "{} 不是可读的 TOML 文件：{}",
    "fields: {}": "字段：{}",
    "{}: model {}: a field has the wrong type: {}": "{}：模型 {}：字段类型不对：{}",
    "{}: model {}: {} is missing": "{}：模型 {}：缺少 {}",
    # weights
    "{} is not the file that the card {} names: {} expected, {} found": "{} 不是模型卡 {} 所指的文件：应为 {}，实际是 {}",
    "the network {} is part of gigamatte and cannot be removed": "网络 {} 是 gigamatte 的一部分，不能删除",
    "the network {} is not installed": "网络 {} 没有安装",
    "{} came without a record of its digest, so it cannot be verified": "{} 没有摘要记录，无法校验",
    "the card {} names {}, which does not exist": "模型卡 {} 所指的 {} 不存在",
    "{} could not be kept in {}: {}": "{} 无法保存到 {}：{}",
    "{} is your own file; gigamatte does not delete it": "{} 是你自己的文件，gigamatte 不会删除它",
    "the hub tells no digest of {}/{}, so it could not be verified": "模型库没有给出 {}/{} 的摘要，无法校验",
    "what {} sent is not {}: sha256 {}… expected, {}… found": "{} 发来的不是 {}：sha256 应为 {}…，实际是 {}…",
    "is it in use?": "它正在被使用吗？",
    "is the disk full?": "磁盘满了吗？",
    "{} could not be deleted: {}": "无法删除 {}：{}",
    "{} could not be written: {}": "无法写入 {}：{}",
    "set GIGAMATTE_CACHE to a folder that you may write": "请把 GIGAMATTE_CACHE 设为可写的文件夹",
    "try again; if it stays so, the server or the mirror gives another file": "请重试；若仍如此，说明服务器或镜像给的是别的文件",
    # downloads
    "the server sends more than the {} bytes that were expected": "服务器发送的内容超过预期的 {} 字节",
    "{} could not be fetched in {} tries: {}": "尝试 {1} 次后仍无法下载 {0}：{2}",
    "{} could not be fetched from {}: {}": "无法从 {1} 下载 {0}：{2}",
    "the disk of {} is full: {}, {} MB are free": "{} 所在磁盘已满：{}，剩余 {} MB",
    "{} should have {} bytes, the server announces {}": "{} 应为 {} 字节，服务器说是 {}",
    "try again later; it goes on where it stopped": "请稍后重试；会从中断处继续",
    "check the connection, then repeat the command: it goes on where it stopped": "请检查网络后重试：会从中断处继续",
    "check the connection, or set HF_ENDPOINT to a mirror; repeating goes on where it stopped": (
        "请检查网络，或把 HF_ENDPOINT 设为镜像；重试会从中断处继续"
    ),
    "{}: the server answered {}{}": "{}：服务器返回 {}{}",
    "check the address in the model card": "请检查模型卡中的地址",
    "make room, or set GIGAMATTE_CACHE to a folder on another disk": "请腾出空间，或把 GIGAMATTE_CACHE 设为其他磁盘上的文件夹",
    "is this a mirror?": "这是镜像吗？",
    "is this a hub mirror?": "这是模型库镜像吗？",
    "check HF_TOKEN and HF_ENDPOINT": "请检查 HF_TOKEN 和 HF_ENDPOINT",
    "check HF_ENDPOINT, or update gigamatte": "请检查 HF_ENDPOINT，或更新 gigamatte",
    "{} is gated{}: its authors want a form accepted first{}": "{} 需要申请{}：须先接受作者的表单{}",
    "{}: {} answered {}": "{}：{} 返回 {}",
    "accept the form at {}, make a token at {}/settings/tokens, set HF_TOKEN, and repeat": (
        "请在 {} 接受表单，在 {}/settings/tokens 创建令牌，设置 HF_TOKEN 后重试"
    ),
    "{} does not say which revision of {} it has": "{} 没有说明它的 {} 是哪个版本",
    "{} has no {} at revision {}": "{} 没有 {}（版本 {}）",
    "access to {} was refused{}": "对 {} 的访问被拒绝{}",
    "{} cannot be reached: {}": "无法连接 {}：{}",
    "check the connection and the proxy; for a mirror set HF_ENDPOINT": "请检查网络和代理；可用 HF_ENDPOINT 指定镜像",
    "its name is not answered": "域名查询没有回应",
    "unset HF_HUB_OFFLINE": "请取消 HF_HUB_OFFLINE",
    "the card {} names no repository": "模型卡 {} 没有指明仓库",
    "{} is not here, and HF_HUB_OFFLINE forbids to fetch it": "本机没有 {}，而 HF_HUB_OFFLINE 禁止下载",
    # devices
    "this network was closed; open it again": "该网络已关闭，请重新打开",
    "the device {} cannot be used: {}": "无法使用设备 {}：{}",
    "there is no device called {}": "没有名为 {} 的设备",
    "{}: not enough memory": "{}：内存不足",
    "{}: not enough memory of the device": "{}：设备的内存不足",
    "raise --device-memory where it is given, use a smaller network, or --device cpu": (
        "若给了 --device-memory 请调大，或用更小的网络，或 --device cpu"
    ),
    "--device auto takes cuda for the embedded network from {} photo{} on, and where it stays": (
        "--device auto：内置网络从 {0} 张照片起用 cuda，一直加载着的也用"
    ),
    "--device-memory bounds CUDA's memory; found --device {}": "--device-memory 限制的是 CUDA 的内存；实际是 --device {}",
    "--memory bounds what a photo may take of this machine's own": "--memory 限制照片占用本机的内存",
    "devices: {}": "设备：{}",
    "ONNX Runtime could not start {} and fell back to the CPU": "ONNX Runtime 无法启动 {}，已改用 CPU",
    "the device {} does not multiply in bf16": "设备 {} 不支持 bf16 计算",
    "OpenVINO has no device {} here; it has {}": "OpenVINO 在这里没有设备 {}；可用 {}",
    "use a smaller network or fewer photos at a time": "请用更小的网络，或减少同时处理的照片",
    "use f32, or auto": "请用 f32 或 auto",
    "--device is one of {}, or one of several as cuda:1; found {}": (
        "--device 可取 {}，或多个中的一个，如 cuda:1；实际是 {}"
    ),
    "--device names {} twice": "--device 两次写了 {}",
    "leave one out; --jobs says how many photos are cut at once": "请去掉一个；同时抠几张由 --jobs 决定",
    "--device names {} devices, {}: only a batch on this machine divides its photos among them": (
        "--device 写了 {} 个设备（{}）：只有本机的批处理才把照片分给多个设备"
    ),
    "name one of them": "请只写其中一个",
    "{} workers, one for each --device, share {} GB of memory: each needs {}": (
        "{} 个工作进程（每个 --device 一个）共用 {} GB 内存：每个需要 {}"
    ),
    "name fewer devices, or give more --memory": "请少写几个设备，或用 --memory 给更多内存",
}
