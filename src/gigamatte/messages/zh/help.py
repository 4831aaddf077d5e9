"""The help of every command."""

HELP: dict[str, str] = {
    "Cut the background out of photos of any size, at the photo's own resolution.": "为任意尺寸的照片抠除背景，保持照片原有分辨率。",
    "Print the version.": "显示版本。",
    # cut
    (
        "Cut the background out of PHOTO, at the photo's own resolution.\n\n\b\n"
        "gigamatte cut photo.jpg                        writes photo.cutout.png\n"
        "gigamatte cut photo.jpg -o out.webp --crop     crops to the subject\n"
        "gigamatte cut photo.jpg --background white -o shop.jpg\n"
        "gigamatte cut photo.jpg --mask mask.png        refines a mask from another tool\n"
        "gigamatte cut photo.jpg --keep-at 900,400 --drop-at 80,1200\n"
        "gigamatte cut *.jpg -o cutouts/                several photos, one after another\n"
        "cat photo.jpg | gigamatte cut - > cutout.png\n"
        "gigamatte cut film.mp4 -o film.webm --from 2.5 --to 10\n\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 unreadable photo, 4 too many pixels, 5 network missing, 6 no subject,\n"
        "130 interrupted. Of several photos one that fails does not stop the others; 1 where they failed for several reasons."
    ): (
        "抠除 PHOTO 的背景，保持照片原有分辨率。\n\n\b\n"
        "gigamatte cut photo.jpg                        写出 photo.cutout.png\n"
        "gigamatte cut photo.jpg -o out.webp --crop     裁剪到主体\n"
        "gigamatte cut photo.jpg --background white -o shop.jpg\n"
        "gigamatte cut photo.jpg --mask mask.png        精修其他工具的蒙版\n"
        "gigamatte cut photo.jpg --keep-at 900,400 --drop-at 80,1200\n"
        "gigamatte cut *.jpg -o cutouts/                多张照片，逐张处理\n"
        "cat photo.jpg | gigamatte cut - > cutout.png\n"
        "gigamatte cut film.mp4 -o film.webm --from 2.5 --to 10\n\n"
        "退出码：0 完成，1 失败，2 用法错误，3 照片无法读取，4 像素过多，5 缺少网络，6 没有主体，130 被中断。"
        "多张照片中有一张失败时，其余照片照常处理；失败的原因不同时为 1。"
    ),
    "Photos: JPEG, PNG, WebP, TIFF, AVIF, HEIC or PSD; films: MP4, MOV, WebM, GIF …; - for stdin.": (
        "照片：JPEG、PNG、WebP、TIFF、AVIF、HEIC 或 PSD；影片：MP4、MOV、WebM、GIF 等；- 表示标准输入。"
    ),
    "A file, or a folder; - for stdout. [STEM.cutout.png]": "文件或文件夹；- 表示标准输出。[STEM.cutout.png]",
    "Network: auto, locator, a name of `gigamatte models list`, or FILE.onnx.": (
        "网络：auto、locator、`gigamatte models list` 中的名称，或 FILE.onnx。"
    ),
    "What --mask is.": "--mask 的类型。",
    "How the network's pictures are normalised: 0.5/0.5 gives -1…1.": "网络输入的归一化方式：0.5/0.5 得到 -1…1。",
    "How alpha is resolved: best, learned, classical, upscaled.": "透明度的求解方式：最佳、学习、经典、放大。",
    "What to write.": "输出内容。",
    "Crop to the subject.": "裁剪到主体。",
    "Room around the subject with --crop or --canvas, percent of its longer side.": "用 --crop 或 --canvas 时主体四周的留白，占主体长边的百分比。",
    "Look for the subject only here (upright photo pixels).": "只在此区域内寻找主体（正向照片的像素）。",
    "Where the network runs.": "网络运行的设备。",
    "Fail rather than fall back to another device.": "设备不可用时报错，而不改用其他设备。",
    "Bytes a network may take of a GPU's memory (CUDA): 4G.": "网络最多占用 GPU（CUDA）多少字节的内存：4G。",
    "CPU threads. [0 = all]": "CPU 线程数。[0 = 全部]",
    "Refuse larger photos, before decoding: 300M, 2G.": "解码之前就拒绝更大的照片：300M、2G。",
    "White here is subject, whatever the network says.": "此图中白色处必为主体，不论网络结果如何。",
    "White here is background, whatever the network says.": "此图中白色处必为背景，不论网络结果如何。",
    "Fill holes of up to this part of the subject's area.": "填补不超过主体面积此比例的孔洞。",
    "Keep only the largest piece: drops specks.": "只保留最大的一块：去除碎点。",
    "Cut the photo as if it had no alpha of its own.": "把照片当作没有自带 alpha 来抠图。",
    "Harden the alpha as ImageMagick's blur and level do. It deletes fine hair.": (
        "像 ImageMagick 的 blur 和 level 那样硬化边缘。会删除细发丝。"
    ),
    "Leave EXIF, XMP and IPTC out of the result.": "结果中不保留 EXIF、XMP 和 IPTC。",
    "Leave the GPS position out (not place names in XMP or IPTC: --strip does).": "不保留 GPS 位置（XMP、IPTC 里的地名除外：用 --strip）。",
    "How a TIFF is packed, without loss. [deflate]": "TIFF 的无损压缩方式。[deflate]",
    "Lossy WebP; the quality of JPEG, AVIF. [lossless, 95, 90]": "有损 WebP，或 JPEG 和 AVIF 的质量。[无损、95、90]",
    "Keep finished tiles there, so that a corrected run only re-does what it touches.": (
        "在该文件夹保留已完成的图块，修正后重新运行时只重做受影响的部分。"
    ),
    "Bytes --cache may take on disk; the least recently used go first.": (
        "--cache 可占用的磁盘字节数；最久未用的先删除。"
    ),
    "Bytes one photo may need: 700M (enough for 21 megapixels), 2G. More pixels go to disk.": "一张照片可用的内存：700M（2100 万像素够用）、2G。更多像素放到磁盘。",
    "Write an empty cutout when there is no subject.": "没有主体时写出空的结果。",
    "Replace OUT if it exists.": "OUT 已存在时覆盖。",
    "Print the receipt as JSON (to stderr when OUT is -).": "以 JSON 输出回执（OUT 为 - 时输出到标准错误）。",
    "Say nothing but errors.": "只显示错误。",
    # doctor and models
    "Say what is installed, which device and precision are used, and why a GPU is not.\n\n"
    "The embedded network is run once on each device that works, and its seconds are shown.": (
        "显示已安装的内容、所用设备和精度，以及为何没用 GPU。\n\n在每个可用设备上运行一次内置网络，并给出秒数。"
    ),
    "Say what is installed, which device and precision are used, and why a GPU is not.": (
        "显示已安装的内容、所用设备和精度，以及为何没用 GPU。"
    ),
    "Networks: list, get, path, verify, remove, build.": "网络：列出、下载、路径、校验、删除、构建。",
    "Show every known network: installed or not, size, licence, what it is for.": (
        "列出所有已知网络：是否安装、大小、许可证、用途。"
    ),
    "Fetch a network's weights, verify them and keep them. A broken download goes on where it stopped.": (
        "下载、校验并保存网络权重。中断的下载会继续。"
    ),
    "name of a network, as `gigamatte models list` shows it": "网络名称，同 `gigamatte models list` 所示",
    "Print where a network's file is.": "显示网络文件的位置。",
    "Check digest and contents of installed weights. An ONNX file is also run by both runtimes, and compared.": (
        "校验已安装权重的摘要和内容。ONNX 文件还会由两个运行时各运行一次并比较。"
    ),
    "networks, or ONNX files of your own; default: all that are installed": "网络，或你自己的 ONNX 文件；默认：全部已安装的",
    "an installed network or an ONNX file of the same weights: compare what both answer": (
        "已安装的网络，或同一权重的 ONNX 文件：比较两者的输出"
    ),
    "Delete a network's weights and everything built from them.": "删除网络权重及由其构建的一切。",
    (
        "Build a BiRefNet, RMBG-2.0 or BEN2 graph as ONNX from its published weights, without PyTorch.\n\n"
        "The graph takes one normalised float32 1×3×H×W input; its first output is 1×1×H×W logits, as its metadata says."
    ): (
        "不用 PyTorch，从公开权重构建 BiRefNet、RMBG-2.0 或 BEN2 的 ONNX 图。\n\n"
        "图的输入是归一化的 float32 1×3×H×W；第一个输出是 1×1×H×W 的 logits，如其元数据所述。"
    ),
    "the network that the weights belong to": "权重所属的网络",
    "a safetensors file that you have": "你已有的 safetensors 文件",
    "the ONNX file to write; replaced if it exists": "要写的 ONNX 文件；已存在则覆盖",
    "HxW in pixels, multiples of 64 (BEN2: 512); default: the card's": "高x宽（像素），64 的倍数（BEN2：512）；默认：按模型卡",
    "channel order of the decoder's patches; default: the card's": "解码器分块的通道顺序；默认：按模型卡",
    "how weights are stored; default: as the file has them": "权重的存储精度；默认：与文件相同",
    # batch
    (
        "Cut all photos of IN into OUT. Run the same command again to go on, or to do what has changed.\n\n\b\n"
        "gigamatte batch photos/ cutouts/ --report report.html\n"
        "gigamatte batch photos/ cutouts/ --name 'rmbg_{stem}.png'\n"
        "gigamatte batch photos/ cutouts/ --shard 3/16         the third of sixteen machines\n"
        "gigamatte batch s3://shop/in s3://shop/out --engine ray\n\n"
        "A photo is skipped while its content, the options that shape its result, and the result itself are unchanged. One\n"
        "that fails is tried twice and then left alone until it changes (or --retry-failed). No source is ever changed.\n\n"
        "`gigamatte batch status OUT`, `batch merge OUT` and `batch export OUT FILE` tell of all shards together.\n\n"
        "Exit codes: 0 all done, 1 could not go on, 2 usage, 3 some failed, 4 no photo, 5 no network, 130 interrupted."
    ): (
        "把 IN 中的所有照片抠到 OUT。再次运行同一命令会继续，或处理有变化的部分。\n\n\b\n"
        "gigamatte batch photos/ cutouts/ --report report.html\n"
        "gigamatte batch photos/ cutouts/ --name 'rmbg_{stem}.png'\n"
        "gigamatte batch photos/ cutouts/ --shard 3/16         十六台机器中的第三台\n"
        "gigamatte batch s3://shop/in s3://shop/out --engine ray\n\n"
        "内容、影响结果的选项和结果本身都没有变化的照片会跳过。失败的照片尝试两次，之后不再处理，直到它有变化"
        "（或用 --retry-failed）。绝不改动原照片。\n\n"
        "`gigamatte batch status OUT`、`batch merge OUT` 和 `batch export OUT FILE` 一并说明所有分片。\n\n"
        "退出码：0 全部完成，1 无法继续，2 用法错误，3 部分失败，4 没有照片，5 没有网络，130 被中断。"
    ),
    "With a CSV, JSON lines or Parquet file as IN: the column with the photos.": "IN 为 CSV、JSON lines 或 Parquet 文件时：照片所在的列。",
    "A folder, a list or inventory of photos (- = on stdin), a pattern, tar shards, or a URI.": "文件夹、照片列表或清单文件（- 为标准输入）、通配模式、tar 分片，或 URI。",
    "The folder or URI for results; IN's folders are kept.": "结果的文件夹或 URI；保留 IN 的文件夹结构。",
    "Only photos whose name, or path below IN, matches.": "只处理名称或 IN 之下路径匹配的照片。",
    "Results' names: {stem}, {name}, {suffix}. [{stem}.cutout.png]": "结果的名称：{stem}、{name}、{suffix}。[{stem}.cutout.png]",
    "A mask for all photos, or a folder with one for each (same names).": "所有照片共用的蒙版，或每张一个（同名）的文件夹。",
    "Photos at work at once in each process. [0 = by the processors]": "每个进程同时处理的照片数。[0 = 按处理器]",
    "Memory to use in all, at least 1.1G: 4G. [most of what is free]": "总共使用的内存，至少 1.1G，如 4G。[大部分空闲内存]",
    "Give up on a photo that takes longer.": "单张照片超过此时间就放弃。",
    "Do the I-th of N parts, on the I-th of N machines.": "N 台机器中的第 I 台做 N 份中的第 I 份。",
    "Try photos again that were given up on.": "重试已放弃的照片。",
    "Hash all again: redo changed photos, name altered results (kept unless --overwrite).": "全部重新校验：重做改动过的照片，指出被改动的结果（不加 --overwrite 则保留）。",
    "Write a report with a review queue.": "写出含复查队列的报告。",
    "Where the manifest lies. [OUT/.gigamatte]": "清单的位置。[OUT/.gigamatte]",
    "This machine, or a Ray cluster.": "本机，或 Ray 集群。",
    "With --engine ray: auto, local, or ray://HOST:10001.": "配合 --engine ray：auto、local 或 ray://HOST:10001。",
    "Results as files, or in tar shards. [tars if IN is]": "结果写成文件，或放进 tar 分片。[IN 是 tar 时为 tars]",
    "Results in tar shards, with at most N photos each.": "结果放进 tar 分片，每个最多 N 张照片。",
    "Results in tar shards of at most so many bytes: 1G.": "结果放进 tar 分片，每个最多这么多字节：1G。",
    "With --engine ray: workers, or their least and most. [by the cluster]": "配合 --engine ray：工作进程数，或其最少和最多。[由集群决定]",
    "With --engine ray: GPUs of a worker; 0.25 = four share one. [1]": "配合 --engine ray：每个工作进程的 GPU；0.25 = 四个共用一块。[1]",
    "Print events as JSON lines, the last one a summary.": "以 JSON 行输出事件，最后一行为汇总。",
    # serve
    (
        "Serve POST /remove_background on port 8000, and the web page there and on 7860.\n\n\b\n"
        "gigamatte serve\n"
        "curl -F image=@photo.jpg http://127.0.0.1:8000/remove_background -o cutout.png\n\n"
        "Every other setting is an environment variable, GIGAMATTE_…: see docs/service.md."
    ): (
        "在 8000 端口提供 POST /remove_background，并在该端口和 7860 提供网页。\n\n\b\n"
        "gigamatte serve\n"
        "curl -F image=@photo.jpg http://127.0.0.1:8000/remove_background -o cutout.png\n\n"
        "其他设置都是环境变量 GIGAMATTE_…：见 docs/service.md。"
    ),
    "Where to listen; 0.0.0.0 = everywhere.": "监听地址；0.0.0.0 = 所有地址。",
    "Port of the service.": "服务端口。",
    "Second port, for the web page.": "网页的第二个端口。",
    "Do not listen on the second port.": "不监听第二个端口。",
    "Network: auto, locator, a name, or FILE.onnx. [auto]": "网络：auto、locator、名称或 FILE.onnx。[auto]",
    "Where the network runs. [auto]": "网络运行的设备。[auto]",
    "Only for holders of a key in FILE (NAME:SHA256).": "只允许持有 FILE 中密钥的人使用（NAME:SHA256）。",
    "Serve cut, inspect, compare and batch status to an assistant (Model Context Protocol, over stdio).": "通过标准输入输出向助手提供 cut、inspect、compare 和批处理进度（Model Context Protocol）。",
    "Network: auto, locator, a name, or FILE.onnx.": "网络：auto、locator、名称或 FILE.onnx。",
    (
        "Serve cut, inspect, compare and batch status to an assistant (Model Context Protocol, over stdio).\n\n\b\n"
        "gigamatte mcp ~/Pictures\n\n"
        "Only files below the folders are read and written, wherever links lead. Nothing is sent anywhere else."
    ): (
        "通过标准输入输出向助手提供 cut、inspect、compare 和批处理进度（Model Context Protocol）。\n\n\b\n"
        "gigamatte mcp ~/Pictures\n\n"
        "只读写这些文件夹之下的文件，无论链接指向哪里。不向其他任何地方发送内容。"
    ),
    "Folders whose files the assistant may use.": "助手可以使用的文件夹。",
    "Fetch image_url of /v1.0/removebg from this host; repeatable.": "从此主机抓取 /v1.0/removebg 的 image_url，可重复。",
    "Also answer to this Host name; * = any.": "也接受此 Host 名；* = 任意。",
    "Where jobs and results are kept.": "任务和结果的保存位置。",
    "Print a new API key and its line.": "生成新的 API 密钥及其配置行。",
    "Logs as text instead of JSON lines.": "日志用文本而不是 JSON 行。",
    "art: a logo, signature or drawing on a plain ground; no network is asked.": "art：纯色底上的标志、签名或线稿；不使用网络。",
}
