"""What the commands of the workflow print: lines, tables, errors and hints."""

COMMANDS: dict[str, str] = {
    # every command
    "interrupted": "已中断",
    "nothing half-written is left": "没有留下写了一半的文件",
    "out of memory": "内存不足",
    "use a smaller photo, fewer --threads, or a machine with more memory": "请用更小的照片、更少的 --threads，或内存更大的机器",
    "this is a bug: set GIGAMATTE_DEBUG=1 to see where it happened": "这是程序错误：设置 GIGAMATTE_DEBUG=1 可看到出错位置",
    "see {} --help": "参见 {} --help",
    "unexpected {}: {}": "意外的 {}：{}",
    "{} takes a number such as 40000000, 300M or 2G; found {}": "{} 取数字，如 40000000、300M 或 2G；实际是 {}",
    "--box takes left,top,width,height in photo pixels; found {}": "--box 取 左,上,宽,高（照片像素）；实际是 {}",
    "--box needs a width and a height of at least 1; found {}": "--box 的宽和高至少为 1；实际是 {}",
    "reading": "读取",
    "network": "网络",
    "matte": "蒙版",
    "colours": "颜色",
    "writing": "写入",
    # cut
    "{}: {}×{} in {} s, {}, {} refinement": "{}：{}×{}，用时 {} 秒，{}，精修方式 {}",
    # batch
    "no photo found in {}": "{} 中没有找到照片",
    # the command line library's own words
    "No such command '{}'.": "没有命令 {}。",
    "No such command '{}'. Did you mean '{}'?": "没有命令 {}。是否想用 {}？",
    "No such option: {}": "没有选项 {}",
    "No such option: {} Did you mean {}?": "没有选项 {}。是否想用 {}",
    "Missing argument '{}'.": "缺少参数 {}。",
    "Missing option '{}'.": "缺少选项 {}。",
    "Option '{}' requires an argument.": "选项 {} 需要一个值。",
    "Got unexpected extra argument ({})": "多余的参数：{}",
    "Got unexpected extra arguments ({})": "多余的参数：{}",
    "Invalid value for '{}': '{}' is not a valid integer.": "{} 的值 {} 不是整数。",
    "Invalid value for '{}': '{}' is not a valid float.": "{} 的值 {} 不是数字。",
    "Invalid value for '{}': {}": "{} 的值有误：{}",
    "Show this message and exit.": "显示此说明。",
    # inspect
    "--strategy {} → {}×{} ({})": "--strategy {} → {}×{} ({})",
    "Photo": "照片",
    "Lost": "损失",
    "For other tools, prepare": "给其他工具时的预处理",
    "With gigamatte cut": "使用 gigamatte cut",
    "a network of {}×{} sees it shrunk {}× across and {}× down": "{}×{} 的网络看到的是横向缩小 {} 倍、纵向缩小 {} 倍的照片",
    "detail finer than {} pixels: {} of the photo's detail": "小于 {} 像素的细节：占照片细节的 {}",
    "nothing to prepare: the alpha is resolved at {}": "无需预处理：透明度直接在 {} 上求解",
    # prepare
    "as asked": "按指定",
    "{} is small enough already: unchanged": "{} 已经足够小：保持不变",
    "bright paper with writing on {} of it": "明亮的纸面，{} 有文字",
    "a plain background all around": "四周是纯色背景",
    "an upright photo": "竖幅照片",
    "no special scene was recognised": "没有识别出特定场景",
    "{} of the photos could not be prepared": "有 {} 张照片无法预处理",
    "expected .jpg, .jpeg, .png or .webp files": "需要 .jpg、.jpeg、.png 或 .webp 文件",
    "--strategy is one of {}; found {}": "--strategy 可取 {}；实际是 {}",
    "end it in .png": "文件名请以 .png 结尾",
    "prepare writes lossless PNG; found the output name {}": "prepare 输出无损 PNG；实际的输出名是 {}",
    "its aspect is extreme: lower --short": "长宽比过大：请减小 --short",
    "{} holds no photo": "{} 中没有照片",
    "a photo of {}×{} would become {} = {} megapixels, allowed are {}": (
        "{}×{} 的照片会变成 {} = {} 百万像素，上限是 {}"
    ),
    "{} lies in 16…10000 pixels; found {}": "{} 的范围是 16…10000 像素；实际是 {}",
    # smooth
    "--levels takes two percentages such as 10,90; found {}": "--levels 取两个百分数，如 10,90；实际是 {}",
    "cut it first": "请先抠图",
    "{} has no alpha: there is nothing to smooth": "{} 没有透明通道：没有可平滑的内容",
    "a smoothed cutout is written as .png, .webp or .tif; found {}": "平滑结果可写为 .png、.webp 或 .tif；实际是 {}",
    # preview
    "give the photo that the cutout was made of; a cropped cutout has none": "请给出抠图所用的照片；裁剪过的结果没有对应照片",
    "the photo has {} pixels and the cutout {}: they do not show the same frame": (
        "照片为 {} 像素，抠图结果为 {}：画面不一致"
    ),
    # compare
    "way": "方式",
    "direct": "直接",
    "prepared": "预处理",
    "prepared + smoothed": "预处理 + 后处理",
    "gigamatte": "gigamatte",
    "hair clarity %": "发丝清晰度 %",
    "texture kept": "纹理保留",
    "raggedness px": "边缘锯齿 px",
    "edge width px": "边缘宽度 px",
    "halo": "光晕",
    "seconds": "秒",
    "pixels": "像素",
    "The same spots at 1:1": "相同位置 1:1 对比",
    "The whole picture, all ways": "整幅画面，各种方式",
    "reduced to {}; the spots above are not": "缩小到 {}；上面的局部未缩小",
    "the true alpha has {} pixels, the photo {}": "真实透明度为 {} 像素，照片为 {}",
    # evaluate
    "{} holds no case": "{} 中没有评测样本",
    "a case is a folder with photo.png or photo.jpg, alpha.png, and perhaps coarse.png and foreground.png": (
        "样本是一个文件夹，含 photo.png 或 photo.jpg、alpha.png，可另有 coarse.png 和 foreground.png"
    ),
    "{} is turned by EXIF; the pictures of a case are upright": "{} 带有 EXIF 旋转；样本图片须为正向",
    "colours are compared as uint8 or uint16 (row, column, 3) of one shape, found {}": (
        "比较的颜色须为同一形状的 uint8 或 uint16（行，列，3），实际是 {}"
    ),
    "an alpha is a (row, column) array, found shape {}": "透明度是（行，列）数组，实际形状是 {}",
    "an alpha is uint8, uint16, bool or float, found {}": "透明度是 uint8、uint16、bool 或 float，实际是 {}",
    "alphas of one shape are compared, found {} and {}{}": "比较的透明度须为同一形状，实际是 {} 和 {}{}",
    "nothing to evaluate: neither the coarse masks nor the network": "没有可评测的内容：粗蒙版和网络都未选",
    "{}: photo {} and alpha {} differ in size": "{}：照片 {} 与透明度 {} 尺寸不同",
}
