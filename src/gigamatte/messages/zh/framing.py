"""Canvas, aspect, fill and alignment."""

FRAMING: dict[str, str] = {
    "Place the subject on a canvas of this size: 2000x2000, 10x15cm@300, photo.": "把主体放到这个尺寸的画布上：2000x2000、10x15cm@300、photo（照片大小）。",
    "Aspect of the canvas, such as 4:5; alone it enlarges nothing.": "画布的宽高比，如 4:5；单独使用时不缩放主体。",
    "Percent of the canvas that the subject takes: 85, width:85, original. [85]": "主体占画布的百分比：85、width:85、original（原大小）。[85]",
    "Where on the canvas: center, bottom, top,left, or X%,Y% of the free room.": "主体在画布上的位置：center、bottom、top,left，或空余处的 X%,Y%。",
    "Never make the subject larger than in the photo.": "主体绝不大于照片中的尺寸。",
    "the result would have {} pixels, allowed are {}": "结果将有 {} 像素，允许 {}",
    "choose a smaller canvas or margin, or raise --max-pixels": "请选较小的画布或边距，或提高 --max-pixels",
    "choose a smaller canvas, or raise --max-pixels": "请选较小的画布，或提高 --max-pixels",
    "choose a smaller canvas or margin": "请选较小的画布或边距",
    "choose a smaller canvas": "请选较小的画布",
    "--crop changes nothing on a canvas, on which the subject is placed": "主体放在画布上时，--crop 不起作用",
    "--margin changes nothing: it is room on a canvas or around --crop": "--margin 不起作用：它是画布上或 --crop 周围的留白",
    "--background-fit says how a picture fills the background": "--background-fit 说明图片怎样铺满背景",
    "the subject would have less than one pixel on a canvas of {}": "在 {} 的画布上，主体将不足一个像素",
    "choose a larger canvas, or more --fill": "请选较大的画布，或提高 --fill",
    "--canvas has {} pixels, allowed are {}": "--canvas 有 {} 像素，允许 {}",
    "--canvas is a width and a height such as 2000x2000, or lengths such as 10x15cm@300; found {}": "--canvas 是宽和高，如 2000x2000，或长度，如 10x15cm@300；实际是 {}",
    "a side of --canvas has 1…1000000 pixels; {} means {}×{}": "--canvas 的边长为 1…1000000 像素；{} 表示 {}×{}",
    "--canvas with two sides has its aspect already": "--canvas 给出两边时，宽高比已经确定",
    "--canvas photo has its aspect already": "--canvas photo 的宽高比已经确定",
    "leave --aspect out": "请去掉 --aspect",
    "leave --aspect out, or name one side": "请去掉 --aspect，或只写一边",
    "--aspect is width:height such as 4:5, at most 100:1; found {}": "--aspect 是 宽:高，如 4:5，至多 100:1；实际是 {}",
    "--fill is 1…100 percent, such as 85, width:85 or height:85, or original; found {}": "--fill 是 1…100 的百分比，如 85、width:85 或 height:85，或 original；实际是 {}",
    "--align is center, top, bottom, left, right, a corner such as bottom,left, X%,Y% or original; found {}": "--align 是 center、top、bottom、left、right、角（如 bottom,left）、X%,Y% 或 original；实际是 {}",
    "{} places the subject on a canvas": "{} 用于把主体放到画布上",
    "name one with --canvas or --aspect": "请用 --canvas 或 --aspect 指定画布",
    "the photo cuts the subject off at the {}: it touches the same edge of the result": "照片在{}截断了主体：主体贴着结果的同一边",
    "the subject is cut off at opposite edges and has another aspect than the canvas: it does not reach all of them": "主体在相对的两边被截断，且宽高比与画布不同：它够不到所有这些边",
    "--fill {}: the subject would be larger than the canvas, so it fills the other side": "--fill {}：主体会超出画布，因此改为占满另一边",
    "--no-enlarge: the subject has too few pixels, so it takes {} % of the canvas": "--no-enlarge：主体像素不足，因此只占画布的 {} %",
    "the subject was enlarged {} times: the photo has no more pixels": "主体被放大了 {} 倍：照片没有更多像素",
}

#: sides of a photo, alone and together, as a warning names them
FRAMING |= {
    "left": "左边", "top": "上边", "right": "右边", "bottom": "下边", "left and top": "左边和上边",
    "left and right": "左边和右边", "left and bottom": "左边和下边", "top and right": "上边和右边",
    "top and bottom": "上边和下边", "right and bottom": "右边和下边", "left, top and right": "左边、上边和右边",
    "left, top and bottom": "左边、上边和下边", "left, right and bottom": "左边、右边和下边",
    "top, right and bottom": "上边、右边和下边", "left, top, right and bottom": "四边",
}  # fmt: skip

#: remove.bg's fields
FRAMING |= {
    "scale is original, or 10%…100% of the picture; found {}": "scale 取 original，或图片的 10%…100%；实际是 {}",
    "position is original, center, or one or two of 0%…100%; found {}": "position 取 original、center，或一个或两个 0%…100%；实际是 {}",
}

#: presets and their check
FRAMING |= {
    "Fill in what a shop asks for, as `gigamatte presets` lists it: amazon, …": "按商店要求填好选项，见 `gigamatte presets`：amazon 等。",
    "--consistent: the subject goes from edge to edge, so it has a scale of its own": (
        "--consistent：主体横跨照片两边，因此用自己的比例"
    ),
    "the canvas cuts the subject off, as --fill {} allows": "画布截断了主体：--fill {} 允许这样",
    "this looks like flat art on a plain ground, which --kind art cuts without a network": (
        "这像是纯色底上的平面图稿，用 --kind art 抠图，不需要网络"
    ),
    "this looks like flat art on a plain ground: --kind art keeps thin lines whole and holes open": "这像是纯色底上的平面图稿：--kind art 能保全细线和镂空",
    "there is no preset {}": "没有预设 {}",
    "there is no preset {}; was {} meant?": "没有预设 {}；是指 {} 吗？",
    "no edge of the picture is {}": "图片没有一边是 {}",
    "longer side": "长边",
    "may touch the border": "可碰到边缘",
    "there are {}": "现有：{}",
    "{}: presets are tables named [[preset]]": "{}：预设是名为 [[preset]] 的表",
    "{}: preset {}: there is no preset {} that it could be like": "{}：预设 {}：没有可参照的预设 {}",
    "{}: preset {}: there is no field {}": "{}：预设 {}：没有字段 {}",
    "fields: {}": "字段：{}",
    "{}: preset {}: {} is missing": "{}：预设 {}：缺少 {}",
    "{}: preset {}: {} has the wrong type: {}": "{}：预设 {}：{} 的类型不对：{}",
    "ground is a colour or transparent; found {}": "ground 是颜色或 transparent；实际是 {}",
    "--check needs the name of a preset": "--check 需要预设的名称",
    "gigamatte presets lists them": "gigamatte presets 列出全部预设",
    "A preset to explain, or to check for.": "要说明或用来检查的预设。",
    "Say what keeps a finished picture from fitting. Repeatable.": "说明成品图哪里不合要求。可重复。",
    "Plain data instead of lines.": "输出纯数据而不是文字行。",
    "List what shops ask of a picture, explain one, or check finished pictures.": "列出各商店对图片的要求，说明其中一个，或检查成品图。",
    "Preset": "预设",
    "Options": "选项",
    "Checked": "检查",
    "Source": "来源",
    "Note": "说明",
    "no faces are known here: the room above is measured from the top of the subject, so see whether the head has the size that is asked for": "这里不识别人脸：上方留白从主体顶端量起，请自行确认头部大小符合要求",
    "{}: fits {}": "{}：符合 {}",
    "this does not fit {}: {}": "不符合 {}：{}",
    "size": "尺寸",
    "ground": "背景",
    "fill": "占比",
    "border": "边缘",
    "bytes": "字节",
    "format": "格式",
    "{} pixels, expected {}": "{} 像素，应为 {}",
    "the longer side has {} pixels, at least {} are asked for": "长边有 {} 像素，要求至少 {}",
    "the longer side has {} pixels, at most {} are allowed": "长边有 {} 像素，最多允许 {}",
    "a {}, expected {}": "是 {}，应为 {}",
    "{} bytes, at most {} are allowed": "{} 字节，最多允许 {}",
    "{} pixel{} can be seen through, expected {} behind everything": "{0} 个像素是透明的，背后应全是 {2}",
    "not {}: {} pixel{} ({} %); the first lies at {}: {}": "{1} 个像素（{3} %）不是 {0}；第一个在 {4}：{5}",
    "nothing stands out from the ground": "没有任何东西与背景不同",
    "the subject takes {} % of the {}, at least {} are asked for": "主体占 {1} 的 {0} %，要求至少 {2}",
    "the subject takes {} %, at most {} are allowed": "主体占 {} %，最多允许 {}",
    "the subject touches the {} edge": "主体碰到{}",
    "side that it fills more": "占得更多的一边",
    "width": "宽",
    "height": "高",
}

FRAMING |= {
    """List what shops ask of a picture, explain one, or check finished pictures.

\b
gigamatte presets                              all of them
gigamatte presets amazon                       what it fills in, and where that is from
gigamatte cut shoe.jpg --preset amazon -o shoe.shop.jpg
gigamatte presets amazon --check shoe.shop.jpg

Your own: [[preset]] tables in a .toml file in the folder of your cards, which `gigamatte doctor` names.

Exit codes: 0 all fit, 1 some do not, 2 usage, 3 not a picture.""": """列出各商店对图片的要求，说明其中一个，或检查成品图。

\b
gigamatte presets                              全部
gigamatte presets amazon                       它填好哪些选项，出自哪里
gigamatte cut shoe.jpg --preset amazon -o shoe.shop.jpg
gigamatte presets amazon --check shoe.shop.jpg

自己的预设：在卡片文件夹（`gigamatte doctor` 会显示）里的 .toml 文件中写 [[preset]] 表。

退出码：0 全部符合，1 有不符合的，2 用法错误，3 不是图片。""",
}

#: sets
FRAMING |= {
    "With --canvas: one scale and one base line for all photos of a folder.": "配合 --canvas：同一文件夹的照片用同一比例、同一基线。",
    "{} photo{} to be cut once more, with the one scale of the folder": "{0} 张照片按所在文件夹的统一比例再抠一次",
    "--consistent needs a canvas that is the same for all": "--consistent 需要一个统一的画布",
    "name one with --canvas": "请用 --canvas 指定",
    "scale is above 0, found {}": "scale 大于 0，实际是 {}",
}

#: where presets are from
FRAMING |= {
    "https://www.ebay.com/help/policies/listing-policies/picture-policy?id=4370 for the 500 pixels; the other rules are usual among sellers": "500 像素出自 https://www.ebay.com/help/policies/listing-policies/picture-policy?id=4370；其余是卖家的通常做法",
    "https://help.shopify.com/en/manual/products/product-media/product-media-types for sizes and bytes; white and 85 % are usual among sellers": "尺寸和字节出自 https://help.shopify.com/en/manual/products/product-media/product-media-types；白底和 85 % 是卖家的通常做法",
    "https://support.google.com/merchants/answer/6324350, with the 500 pixels that count from 2027-01-31 on; white is usual among sellers": "https://support.google.com/merchants/answer/6324350，其中 500 像素自 2027-01-31 起生效；白底是卖家的通常做法",
    "usual among sellers; Taobao shows its own rules to sellers only, in their centre (myseller.taobao.com)": "卖家的通常做法；淘宝的规定只在卖家中心（myseller.taobao.com）向卖家显示",
    "usual among sellers; JD shows its own rules to sellers only, in their centre (shop.jd.com)": "卖家的通常做法；京东的规定只在商家后台（shop.jd.com）向卖家显示",
    "usual among sellers; Pinduoduo shows its own rules to sellers only, in their centre (mms.pinduoduo.com)": "卖家的通常做法；拼多多的规定只在商家后台（mms.pinduoduo.com）向卖家显示",
    "usual among makers; the guide of WeChat's sticker platform (sticker.weixin.qq.com) says what counts": "制作者的通常做法；以微信表情开放平台（sticker.weixin.qq.com）的制作指引为准",
    "usual sizes of photographers: 295 × 413 pixels are 25 × 35 mm at 300 dpi": "照相馆的通常尺寸：295 × 413 像素即 300 dpi 下的 25 × 35 毫米",
    "usual sizes of photographers: 413 × 626 pixels are 35 × 53 mm at 300 dpi": "照相馆的通常尺寸：413 × 626 像素即 300 dpi 下的 35 × 53 毫米",
}
