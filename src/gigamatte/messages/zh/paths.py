"""Paths: in a photo's file, in a result's, and as drawings."""

PATHS: dict[str, str] = {
    # options
    "A coarse mask, alpha or trimap, not a network; path: the photo's own clipping path.": (
        "用粗蒙版、透明度或三分图代替网络；path：照片自带的剪贴路径。"
    ),
    "Lay the subject on this: white, '#ff00ff', photo.jpg; keep: the photo, uncut.": (
        "把主体放在此背景上：white、'#ff00ff'、photo.jpg；keep：照片本身，不抠除。"
    ),
    "File format. [OUT's suffix, or png; svg for a path]": "文件格式。[按 OUT 的后缀，否则 png；路径为 svg]",
    "Put the contour into the JPEG, TIFF or PSD as its clipping path.": "把轮廓作为剪贴路径写入 JPEG、TIFF 或 PSD。",
    "Move the path of --clipping-path or --only path outwards, rounded.": (
        "把 --clipping-path 或 --only path 的路径向外移，转角为圆角。"
    ),
    # inspect
    "Paths, for --mask path:NAME": "路径（用于 --mask path:NAME）",
    "clipping path": "剪贴路径",
    # read
    "{} holds no path; expected a JPEG, TIFF or PSD with a clipping path": "{} 不含路径；需要带剪贴路径的 JPEG、TIFF 或 PSD",
    # documents
    "{} is a Photoshop document in {} mode": "{} 是 {} 模式的 Photoshop 文档",
    "{} is a Photoshop document of {} bits a channel": "{} 是每通道 {} 位的 Photoshop 文档",
    "{} was saved without a merged picture": "{} 保存时没有合并图",
    "{} holds {} bytes of merged picture, and {} are read": "{} 的合并图有 {} 字节，最多读取 {} 字节",
    "{} became shorter while it was read": "{} 在读取时变短了",
    "cut it when it is complete": "请等文件完整后再抠图",
    "{} packs its merged picture in a rare way ({})": "{} 的合并图采用了少见的压缩方式（{}）",
    "save it in RGB with 8 or 16 bits and maximised compatibility, or as TIFF": (
        "请以 RGB、8 或 16 位并开启最大兼容存储，或存为 TIFF"
    ),
    "{} is broken: it ends too early": "{} 已损坏：过早结束",
    "was the copy cut short?": "复制是否中断？",
    "leave --mask out": "请去掉 --mask",
    "{} marks none of its paths as clipping path: {}": "{} 没有把任何路径标为剪贴路径：{}",
    "{} holds no path {}; its paths: {}": "{} 不含路径 {}；现有路径：{}",
    "{} names {} as its clipping path, but does not hold it; its paths: {}": (
        "{} 把 {} 称为剪贴路径，却不含该路径；现有路径：{}"
    ),
    "name one of them: --mask path:NAME": "请指定其中一条：--mask path:名称",
    "the path {} is not marked as clipping path, but is the only one: taken": "路径 {} 未标为剪贴路径，但只有这一条：已采用",
    "{}: the path {} holds nothing of the photo": "{}：路径 {} 内没有照片的任何部分",
    "--keep-empty writes it": "--keep-empty 会照样写出",
    "the path {} goes {} rows up and down in a picture of {}": "路径 {} 上下共经过 {} 行，而图片只有 {} 行",
    "the path {} takes {} straight pieces, more than {}": "路径 {} 需要 {} 段直线，多于 {}",
    "is it a path that clips?": "它是用来剪贴的路径吗？",
    # written
    "nothing is half opaque: there is no path": "没有半数以上不透明之处：没有路径",
    (
        "the path was smoothed over {} pixels among hair and other fine detail, which has more knots than {}; "
        "99 % of the contour lies within {} pixels of it"
    ): "在节点多于 {1} 的毛发等细节处，路径已按 {0} 像素平滑；99% 的轮廓与路径相距不超过 {2} 像素",
    "IPTC and the path do not fit into one segment of a JPEG: some programs see the path alone": (
        "IPTC 与路径放不进 JPEG 的同一段：某些程序只看得到路径"
    ),
    "{} has no place for a clipping path": "{} 没有剪贴路径的位置",
    "write JPEG, TIFF or PSD, or --only path": "请写出 JPEG、TIFF 或 PSD，或用 --only path",
    "--clipping-path goes into the cutout's file, but --only {} was asked for": (
        "--clipping-path 写入抠图结果的文件，而要求的是 --only {}"
    ),
    "leave one of them out; --only path draws the path itself": "请去掉其中一个；--only path 画出路径本身",
    "--offset moves a path, but none is written": "--offset 移动路径，但没有要写出的路径",
    "add --clipping-path or --only path": "请加上 --clipping-path 或 --only path",
    "--background keep leaves the photo uncut, so that nothing is done": "--background keep 不抠除照片，因此什么也不做",
    "add --clipping-path, or leave it out": "请加上 --clipping-path，或去掉它",
    "--only path writes a drawing, to which {} means nothing": "--only path 写出图形，{} 对它没有意义",
    "--only path writes SVG or DXF; found {}": "--only path 写出 SVG 或 DXF；现为 {}",
    "name a file that ends in .svg or .dxf": "请指定以 .svg 或 .dxf 结尾的文件",
    "{} holds a path alone": "{} 只能存放路径",
    "{}: {} holds a path alone": "{}：{} 只能存放路径",
    "add --only path, or choose --format png": "请加上 --only path，或选用 --format png",
    "add --only path": "请加上 --only path",
    "--offset is written as 12px or 2mm; found {}": "--offset 写作 12px 或 2mm；现为 {}",
    "the photo does not say how many pixels make a millimetre; --offset {} needs that": (
        "照片没有说明每毫米多少像素，而 --offset {} 需要它"
    ),
    "give the offset in pixels, such as 12px": "请用像素给出，例如 12px",
    "--offset is {} to {} pixels; {} is {}": "--offset 为 {} 至 {} 像素；{} 是 {}",
}
