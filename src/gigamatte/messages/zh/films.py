"""What is said about films, animated pictures and sequences."""

FILMS: dict[str, str] = {
    # cut
    "Films: where to begin.": "影片：从何处开始。",
    "Films: where to end. [the end]": "影片：到何处结束。[末尾]",
    "Films: every N-th frame only.": "影片：只取每第 N 帧。",
    "A sequence (shot_%05d.png) or a folder is a film of this rate. [25]": "序列（shot_%05d.png）或文件夹作为此帧率的影片。[25]",
    "Animated pictures: how often they play. [0 = for ever]": "动图：播放次数。[0 = 无限循环]",
    "An animated picture of this side, in so many bytes: 512,500k.": "此边长、不超过此字节数的动图：512,500k。",
    "frames": "帧",
    "{}: its frames change from {} to {}×{} pixels": "{}：帧的尺寸从 {} 变为 {}×{} 像素",
    "time left": "剩余时间",
    "{}: {} frames of {} in {} s ({} frames/s), sound: {}": "{}：{} 帧，{}，用时 {} 秒（每秒 {} 帧），声音：{}",
    "{}: 1 frame of {} in {} s ({} frames/s), sound: {}": "{}：1 帧，{}，用时 {} 秒（每秒 {} 帧），声音：{}",
    "1 frame was kept from an interrupted run": "其中 1 帧来自此前中断的运行",
    "{}: in its frame no subject was found": "{}：在唯一的一帧中没有找到主体",
    "{}: 1 frame of {} = {} megapixels in all, allowed are {}": "{}：1 帧 {} = 共 {} 百万像素，允许 {}",
    "{} frames were kept from an interrupted run": "其中 {} 帧来自此前中断的运行",
    "finished frames are kept beside the target: the same command goes on from them": (
        "已完成的帧保存在目标旁：再次运行同一命令即可继续"
    ),
    "--{} is for films, and none was named": "--{} 用于影片，但没有给出影片",
    "a folder of pictures is one with --fps; written as JPEG, TIFF or PSD an animation is a photo": (
        "加上 --fps 时，图片文件夹就是影片；动图写成 JPEG、TIFF 或 PSD 时算作照片"
    ),
    "--sticker is SIDE,BYTES, such as 512,500k; found {}": "--sticker 写作 边长,字节数，如 512,500k；收到 {}",
    "a film is not written to standard output": "影片不写到标准输出",
    # reading
    "films need PyAV, which is not installed": "处理影片需要 PyAV，但尚未安装",
    "pip install 'gigamatte[film]'": "pip install 'gigamatte[film]'",
    "is the film whole? Does it play elsewhere?": "影片完整吗？在别处能播放吗？",
    "is the film whole?": "影片完整吗？",
    "{} is no film: expected MP4, MOV, WebM, MKV, AVI, or an animated GIF, PNG, WebP or AVIF": (
        "{} 不是影片：应为 MP4、MOV、WebM、MKV、AVI，或动态 GIF、PNG、WebP、AVIF"
    ),
    "gigamatte cut takes photos as well; a sequence is named like shot_%05d.png": (
        "gigamatte cut 也接受照片；序列写作 shot_%05d.png"
    ),
    "{} holds no moving picture": "{} 中没有动态画面",
    "{}: its size is not given": "{}：未说明尺寸",
    "{} has frames of {} = {} megapixels, allowed are {}": "{} 每帧 {} = {} 百万像素，允许 {}",
    "{} has frames of {}, allowed are {} megapixels": "{} 每帧 {}，允许 {} 百万像素",
    "{} is HDR ({}): its colours were not tone-mapped and look pale": "{} 是 HDR（{}）：未做色调映射，颜色偏淡",
    "{} holds no frame that can be decoded": "{} 中没有可解码的帧",
    "{} holds no frame": "{} 中没有帧",
    "{} is broken: {}": "{} 已损坏：{}",
    "there are no pictures {}": "没有图片 {}",
    "the pictures {} have no times: taken as {} a second; --fps says otherwise": (
        "图片 {} 没有时间：按每秒 {} 帧处理；可用 --fps 指定"
    ),
    "name a sequence like shot_%05d.png, or a folder": "请给出 shot_%05d.png 这样的序列，或一个文件夹",
    "{} has {} pixels, expected {}": "{} 为 {} 像素，应为 {}",
    "a film has one size": "一部影片只有一种尺寸",
    "--from is a time in seconds, at least 0; found {}": "--from 是以秒计的时间，至少为 0；收到 {}",
    "--to lies after --from; found {} to {} seconds": "--to 应在 --from 之后；收到 {} 到 {} 秒",
    "--every is a whole number, at least 1; found {}": "--every 是至少为 1 的整数；收到 {}",
    "--fps lies in 0…1000 frames a second; found {}": "--fps 应在每秒 0…1000 帧之间；收到 {}",
    "{} has no frames from {} s on": "{} 从 {} 秒起没有帧",
    # cutting
    "{} does not go with a film": "{} 不能用于影片",
    "a mask holds for one photo; hints point at the subject of a film": "蒙版只对应一张照片；影片的主体可用提示指明",
    "a film's frames keep one size": "影片各帧保持同一尺寸",
    "a film's frames keep one size: canvases and presets are for photos": "影片各帧保持同一尺寸：画布和预设用于照片",
    "write the cutout and, by a second run, --only alpha": "先写出抠图，再以 --only alpha 另行一次",
    "a film has no smaller copies": "影片没有缩小的副本",
    "a path is drawn of one photo": "路径是由一张照片画出的",
    "a film has no place for a path": "影片没有路径的位置",
    "shadows and outlines are for photos": "阴影和描边用于照片",
    "a new light is for photos": "调整光线用于照片",
    "a GIF has a palette of its own; --sticker makes animated pictures small": "GIF 自带调色板；--sticker 可缩小动图",
    "--sticker SIDE,BYTES makes animated pictures fit": "--sticker 边长,字节数 可让动图不超过大小",
    "{}: in none of its {} frames a subject was found": "{}：在 {} 帧中都没有找到主体",
    "narrow the search with --box, try another --model, or --keep-empty": (
        "可用 --box 缩小范围，换用其他 --model，或加 --keep-empty"
    ),
    "a film's hints are a JSON list of entries; found {}": "影片的提示是由条目组成的 JSON 列表；收到 {}",
    'an entry of a film\'s hints has "time" in seconds; found {}': '影片提示的条目应含以秒计的 "time"；收到 {}',
    "the time of a film's hints is in seconds, at least 0; found {}": "影片提示的时间以秒计，至少为 0；收到 {}",
    "two entries of a film's hints have the same time": "影片提示中有两个条目的时间相同",
    "a film takes at most {} entries of hints; found {}": "一部影片最多 {} 个提示条目；收到 {}",
    # writing
    "a film is not written as {}": "影片不能写成 {}",
    "write .webm, .mov, .webp, .apng, .gif, .avif, or a sequence like shot_%05d.png": (
        "请写成 .webm、.mov、.webp、.apng、.gif、.avif，或 shot_%05d.png 这样的序列"
    ),
    "--format is for photos: a film's format is given by the name of the result": "--format 用于照片：影片的格式由结果的名称决定",
    "MP4 holds no alpha that players show: what is written is dropped without a word": (
        "MP4 没有播放器能显示的 alpha：写入后会被无声丢弃"
    ),
    "write WebM or MOV, or give a --background": "请写成 WebM 或 MOV，或给出 --background",
    "the pictures of a sequence cannot be {}": "序列中的图片不能是 {}",
    "the background of a film cannot be seen through": "影片的背景不能透明",
    "choose an opaque colour or picture": "请选择不透明的颜色或图片",
    "--background blur:PERCENT takes 0…20 percent of the longer side; found {}": (
        "--background blur:PERCENT 取长边的 0…20%；收到 {}"
    ),
    "--loop lies in 0…65535, 0 = for ever; found {}": "--loop 应在 0…65535 之间，0 = 无限循环；收到 {}",
    "this PyAV was built without an H.264 encoder": "此 PyAV 不含 H.264 编码器",
    "write WebM instead": "请改写成 WebM",
    "H.264 has even sides: the last row or column is doubled, {} pixels": "H.264 的边长为偶数：最后一行或一列被重复，{} 像素",
    "the film's sound ({}) is left out: {} holds none": "影片的声音（{}）未保留：{} 不含声音",
    "the film's sound ({}) is left out: {}": "影片的声音（{}）未保留：{}",
    "of {} sound tracks the first was taken along": "{} 条音轨中保留了第一条",
    "{}: the encoder failed: {}": "{}：编码器失败：{}",
    "the same command goes on from the last finished part": "再次运行同一命令，即从最后完成的一段继续",
    "{}: a part of the film holds {} frames, expected {}": "{}：影片的一段有 {} 帧，应为 {} 帧",
    "{} cannot be encoded": "{} 无法编码",
    "a sticker is an animated WebP, APNG, GIF or AVIF": "表情贴纸是动态 WebP、APNG、GIF 或 AVIF",
    "name the result like sticker.webp": "请把结果命名为 sticker.webp 之类",
    "a sticker has 16…4096 pixels and at least 1000 bytes; found {} and {}": (
        "贴纸边长 16…4096 像素，至少 1000 字节；收到 {} 和 {}"
    ),
    "the sticker has {} bytes with {}": "贴纸有 {} 字节：{}",
    "the sticker would have {} bytes at least, allowed are {}": "贴纸至少需要 {} 字节，允许 {}",
    "cut a shorter part with --from and --to, or allow a smaller side": "请用 --from 和 --to 截取更短的部分，或减小边长",
    # in batches and over HTTP
    "{} is a film, and here photos are cut": "{} 是影片，这里只抠照片",
    "POST /films takes films": "影片请交给 POST /films",
    "background is a colour such as white or #ff00ff, green, a gradient, or blur; found {}": (
        "background 为颜色（如 white 或 #ff00ff）、green、渐变或 blur；收到 {}"
    ),
    "expected a film: MP4, MOV, WebM, MKV, AVI, or an animated GIF, PNG, WebP or AVIF": (
        "应为影片：MP4、MOV、WebM、MKV、AVI，或动态 GIF、PNG、WebP、AVIF"
    ),
    "photos are handed in at POST /jobs": "照片请交给 POST /jobs",
    "there is no film in the request": "请求中没有影片",
    "send it as the multipart field film": "请用 multipart 字段 film 发送",
    "this service cannot read films, but animated GIF, PNG, WebP and AVIF": (
        "此服务不能读取影片，只能读取动态 GIF、PNG、WebP 和 AVIF"
    ),
    "whoever runs it can add them: pip install 'gigamatte[film]'": "运行者可以添加：pip install 'gigamatte[film]'",
    "the film's first second is not cut yet": "影片的第一秒尚未抠好",
    "this job is a photo's": "此任务是照片",
    "POST /films hands a film in": "影片请交给 POST /films",
    "the film is still being cut": "影片仍在处理中",
    "DELETE /jobs/{job} stops it": "DELETE /jobs/{job} 可停止它",
    "a film is not finished otherwise": "影片不能另行保存",
    "POST /films/{job}/again cuts it anew": "POST /films/{job}/again 可重新抠图",
    "this job is a film, which has neither layers, edits nor another finish": "此任务是影片，没有图层、修改和另行保存",
    "POST /films/{job}/frames opens one of its frames as a photo; POST /films/{job}/again cuts it anew": (
        "POST /films/{job}/frames 把其中一帧作为照片打开；POST /films/{job}/again 重新抠图"
    ),
    "{} has no frame at {} s": "{} 在 {} 秒处没有帧",
    "the film's result takes more than the {} MB that are kept for it": "影片的结果超出为它保留的 {} MB",
    "{} frame{} of films among them": "其中影片共 {0} 帧",
    "{} frames, sound: {}": "{} 帧，声音：{}",
    "{} holds {}, {} was written": "{} 中是 {}，写入的是 {}",
    "{}: a film takes no --mask, which holds for one photo": "{}：影片不接受 --mask，蒙版只对应一张照片",
    "NAME.hints.json beside it points at the subject; cut films in a batch of their own": (
        "可用旁边的 NAME.hints.json 指明主体；请把影片单独成批处理"
    ),
    "{}: {} frames of {} = {} megapixels in all, allowed are {}": "{}：{} 帧 {} = 共 {} 百万像素，允许 {}",
    "cut a part of it (from, to), every n-th frame, or a smaller version": (
        "请只抠一段（from、to）、每第 n 帧，或较小的版本"
    ),
    "{}: frames of {} take {} GB; allowed are {}": "{}：{} 的帧需要 {} GB；允许 {}",
    "cut a smaller version of it, or allow more memory": "请使用较小的版本，或允许更多内存",
    "{}: a frame was not finished after {} second{}, and the film stopped": "{0}：一帧在 {1} 秒后仍未完成，影片已停止",
}
