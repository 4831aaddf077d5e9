"""Warnings about colours without a profile, metadata and what a result carries of them."""

CARRIED: dict[str, str] = {
    "the colours are HDR ({}), which is not interpreted: they will look dull": "颜色为 HDR（{}），不会解释：看起来会发灰",
    "the colours' code points ({}) are not interpreted: they are taken as sRGB": "不解释颜色的代码点（{}）：按 sRGB 处理",
    "the colour profile leads only one way, so no background fits: colours were converted to sRGB": (
        "色彩配置文件只能单向转换，无法配合背景：颜色已转换为 sRGB"
    ),
    "the PNG's cICP chunk tells colours that are not RGB of full range: ignored": "PNG 的 cICP 块所述不是全范围 RGB：已忽略",
    "the PNG's gAMA or cHRM chunk tells no colours that can be: ignored": "PNG 的 gAMA 或 cHRM 块所述的颜色不可能存在：已忽略",
    "texts of the PNG that are not carried along: {}": "PNG 中未保留的文字：{}",
    "{} holds a picture of the photo before it was cut: left out": "{}含有抠图之前的照片画面：已去掉",
    "the maker's note": "厂商注释",
    "the EXIF tag {}": "EXIF 标签 {}",
    "the tag {}": "标签 {}",
    "the XMP goes on in further blocks, which are not read: not carried along": "XMP 在后续数据块中延续，这些块不会读取：未保留",
    "the XMP tells where faces or things lie in the photo, not in this result: left out": (
        "XMP 中的人脸或物体位置属于原照片，不适用于此结果：已去掉"
    ),
    "{} files have no place for {} here: left out": "{} 文件在这里没有 {} 的位置：已去掉",
    "{} files have no place for the maker's note here: left out": "{} 文件在这里没有厂商注释的位置：已去掉",
    "EXIF of a JPEG holds 64 kB: {} was left out": "JPEG 的 EXIF 最多 64 kB：{}已去掉",
    "XMP of a JPEG holds 64 kB in one piece, this has {} bytes: left out": "JPEG 的 XMP 每段最多 64 kB，此处有 {} 字节：已去掉",
    "IPTC of a JPEG holds 64 kB: left out": "JPEG 的 IPTC 最多 64 kB：已去掉",
    "Set the photo's file times (last access, last change) on the result.": "让结果沿用照片文件的时间（上次访问、上次修改）。",
    "--keep-times: the photo is no file, so it has no times to keep": "--keep-times：照片不是文件，没有可沿用的时间",
    "--keep-times sets the times of a file, the result goes to a stream": "--keep-times 设置文件的时间，而结果写到输出流",
    "--keep-times sets the times of files, which objects in a bucket have not": (
        "--keep-times 设置文件的时间，存储桶中的对象没有这种时间"
    ),
    "Colour under alpha 0: a ring of the nearest and white, white, black.": (
        "透明度为 0 处的颜色：edge（一圈最近的颜色，其外为白）、white、black。"
    ),
    "Tiles and smaller copies in the TIFF: pages (OpenSlide), sub (GDAL).": (
        "在 TIFF 中加入图块和逐级缩小的副本：pages（OpenSlide 可读）、sub（GDAL 可读）。"
    ),
}
