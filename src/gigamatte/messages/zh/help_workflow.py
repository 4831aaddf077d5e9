"""The help of the commands around a cut: inspect, prepare, smooth, preview, compare, evaluate, completion."""

WORKFLOW_HELP: dict[str, str] = {
    # inspect
    "Tell a photo's size, how far a 1024-pixel network shrinks it, what is lost, and what is suggested.": (
        "显示照片尺寸、1024 像素网络会缩小多少、损失什么，以及建议。"
    ),
    "a photo of any kind that cut reads": "cut 能读取的任何照片",
    "pixels that the other tool's network sees, a side": "其他工具的网络每边看到的像素数",
    "plain data instead of lines": "输出数据而不是文字",
    # prepare
    (
        "Shrink photos for tools whose network sees 1024 pixels, as lossless PNG. `cut` does not need this.\n\n"
        "long-side is the published script: the longer side to 1024, or the shorter to 768 where it would fall under that\n"
        "(5472×3648 → 1152×768).\n\n"
        "The published table scales the width instead, and the named strategies give its sizes: portrait 4000×6000 →\n"
        "1024×1536; product 3000×2000 → 1024×683, then stretched to 1024×768 (its aspect changes); document 2400×3200 →\n"
        "autocontrast, then 1024×1365.\n\n"
        "auto chooses one by size and content, says why, and leaves a photo alone whose longer side has 970…1070 and whose\n"
        "shorter has at least 768 pixels."
    ): (
        "为网络只看 1024 像素的工具缩小照片，输出无损 PNG。`cut` 不需要这一步。\n\n"
        "long-side 即公开的脚本：长边缩到 1024；若短边会小于 768，则短边缩到 768（5472×3648 → 1152×768）。\n\n"
        "公开的表格按宽度缩放，具名策略给出表中的尺寸：portrait 4000×6000 → 1024×1536；product 3000×2000 → 1024×683，"
        "再拉伸到 1024×768（长宽比改变）；document 2400×3200 → 自动对比度，再到 1024×1365。\n\n"
        "auto 按尺寸和内容选择并说明理由；长边为 970…1070 且短边至少 768 像素的照片保持不变。"
    ),
    "a JPEG, PNG or WebP, or a folder of them": "JPEG、PNG 或 WebP，或它们所在的文件夹",
    "the PNG to write, or a folder": "要写的 PNG 或文件夹",
    "long-side, portrait, product, document, or auto": "long-side、portrait、product、document 或 auto",
    "pixels of the longer side (named strategies: of the width)": "长边的像素数（具名策略：宽度）",
    "least pixels of the shorter side": "短边的最少像素数",
    "replace results that exist": "覆盖已有的结果",
    "plain data, one line per photo": "输出数据，每张照片一行",
    # smooth
    (
        "Harden the edge of a cutout, equal to ImageMagick's `-alpha on -channel A -blur 0x0.8 -level 10%,90% +channel`.\n\n"
        "It deletes hair: a strand one pixel wide and fully opaque keeps 46 % of its opacity, one of 24 % ends with 2 %.\n"
        "It exists because users know it; a cutout made by `gigamatte cut` does not need it."
    ): (
        "硬化抠图的边缘，等同于 ImageMagick 的 `-alpha on -channel A -blur 0x0.8 -level 10%,90% +channel`。\n\n"
        "它会删除发丝：一像素宽、完全不透明的发丝只剩 46 % 的不透明度，24 % 的只剩 2 %。\n"
        "保留它是因为用户熟悉它；`gigamatte cut` 的结果不需要它。"
    ),
    "a cutout with alpha: PNG, WebP or TIFF": "带透明通道的抠图：PNG、WebP 或 TIFF",
    "where to write it": "输出位置",
    "blur, pixels: 0.1…100": "模糊，像素：0.1…100",
    "percent that become transparent and opaque": "变为全透明和不透明的百分数",
    "replace OUT if it exists": "OUT 已存在时覆盖",
    # preview
    (
        "Write one HTML page that shows a cutout on any background, its opacity, and before and after, up to 8:1.\n\n"
        "The page holds the pictures themselves: it opens from disk, loads nothing and can be sent to anybody."
    ): (
        "写一个 HTML 页面，可在任意背景上查看抠图、透明度和前后对比，最大 8:1。\n\n"
        "页面自带图片：直接从磁盘打开，不加载任何内容，可以发给任何人。"
    ),
    "the cutout: PNG, WebP or TIFF": "抠图结果：PNG、WebP 或 TIFF",
    "the photo it was made of, for before and after": "抠图所用的照片，用于前后对比",
    "the page to write (default: STEM.preview.html beside CUTOUT)": "要写的页面（默认：CUTOUT 旁的 STEM.preview.html）",
    "replace the page if it exists": "页面已存在时覆盖",
    # compare
    (
        "Cut a photo directly, prepared, prepared and smoothed, and at full resolution; measure and show all four.\n\n"
        "What every column means is defined in docs/evaluate.md."
    ): "用直接、预处理、预处理加后处理、全分辨率四种方式抠同一张照片，测量并展示。\n\n各列的定义见 docs/zh/evaluate.md。",
    "the photo to cut in four ways": "要用四种方式抠的照片",
    "the network that all four ways use": "四种方式共用的网络",
    "a coarse mask instead of the network": "用粗蒙版代替网络",
    "the exact alpha, if it is known": "真实透明度（如果有）",
    "how the photo is prepared: long-side, portrait, product, document, auto": (
        "预处理方式：long-side、portrait、product、document、auto"
    ),
    "the report to write (default: STEM.compare.html beside PHOTO)": "要写的报告（默认：PHOTO 旁的 STEM.compare.html）",
    "auto, cpu, cuda, …": "auto、cpu、cuda、…",
    "replace the report if it exists": "报告已存在时覆盖",
    "plain data instead of a table": "输出数据而不是表格",
    # evaluate
    "Score cutouts against exact alphas, as ratios to enlarging the same mask (1 = no better).": (
        "用真实透明度给抠图评分，以直接放大同一蒙版为基准（1 = 没有改善）。"
    ),
    "folder of cases: photo.*, alpha.png, perhaps coarse.png": "样本文件夹：photo.*、alpha.png，可有 coarse.png",
    "auto, neural, guided or off; may be given several times": "auto、neural、guided 或 off；可多次给出",
    "the network to judge as well": "同时评测的网络",
    "judge from the given coarse masks": "从给定的粗蒙版评测",
    "judge from the network's own masks": "从网络自己的蒙版评测",
    "judge from the exact alpha made smaller, too: 1/2 of the photo's sides, or a square of 2048 pixels; "
    "may be given several times": "也从缩小后的真实透明度评测：照片边长的 1/2，或 2048 像素的正方形；可多次给出",
    "plain data instead of tables": "输出数据而不是表格",
    "tables in Markdown": "Markdown 表格",
    # completion
    "Print what makes a shell complete gigamatte's commands and options.": "打印让终端补全 gigamatte 命令与选项的脚本。",
    "Print what makes a shell complete gigamatte's commands and options.\n\n"
    "\b\n"
    "gigamatte completion bash > ~/.local/share/bash-completion/completions/gigamatte\n"
    "gigamatte completion zsh > ~/.zfunc/_gigamatte           (a folder of fpath)\n"
    "gigamatte completion fish > ~/.config/fish/completions/gigamatte.fish": (
        "打印让终端补全 gigamatte 命令与选项的脚本。\n\n"
        "\b\n"
        "gigamatte completion bash > ~/.local/share/bash-completion/completions/gigamatte\n"
        "gigamatte completion zsh > ~/.zfunc/_gigamatte           （fpath 中的文件夹）\n"
        "gigamatte completion fish > ~/.config/fish/completions/gigamatte.fish"
    ),
    "The shell that will read it.": "读取它的终端。",
}
