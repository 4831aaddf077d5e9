"""Errors, hints and lines of the batch: lists, places, streams, what is left alone."""

BATCHES: dict[str, str] = {
    "{} is empty: expected the name of a folder": "{} 是空的：需要文件夹的名称",
    "--{} is empty": "--{} 是空的",
    "a variable that is not set?": "是否有变量没有赋值？",
    "no local copy of {} can be made in {}: {}": "无法在 {1} 中为 {0} 建立本地副本：{2}",
    "name a folder on a larger disk with --manifest": "请用 --manifest 指定更大磁盘上的文件夹",
    "standard output cannot be written any more: {}": "标准输出已无法写入：{}",
    "standard input is closed: there is no list on it": "标准输入已关闭：上面没有列表",
    "… and {} more; --export lists all": "……还有 {} 张；--export 可列出全部",
    "{} photo{} left alone after failing in an earlier run: --retry-failed tries again": (
        "{0} 张照片在以前的运行中失败，不再尝试：--retry-failed 可重试"
    ),
    "{} files are of kinds that are not read, and left out: {}": "{} 个文件的类型不支持读取，已略过：{}",
    "folders of previews and deleted files are left out: {}": "预览和已删除文件的文件夹已略过：{}",
    "{} holds the results of another batch and is left out: name it as IN to cut them": (
        "{} 中是另一个批处理的结果，已略过：如要抠它们，请把它指定为 IN"
    ),
    "--column is for CSV, JSON lines and Parquet, and {} is none of them": (
        "--column 用于 CSV、JSON lines 和 Parquet，而 {} 都不是"
    ),
    "{} is no CSV: {}": "{} 不是 CSV：{}",
    "{}, line {}: expected a JSON object: {}": "{} 第 {} 行：需要一个 JSON 对象：{}",
    "{} needs the package pyarrow": "{} 需要安装 pyarrow",
    "{} is no Parquet: {}": "{} 不是 Parquet：{}",
    "{} is no manifest of S3 Inventory": "{} 不是 S3 Inventory 的清单",
    "for other files with columns, see --column": "其他带列的文件请用 --column",
    "{}: S3 Inventory as {} is not read": "{}：不支持 {} 形式的 S3 Inventory",
    "expected CSV or Parquet": "需要 CSV 或 Parquet",
    "{} has no column {}; it has: {}": "{} 没有列 {}；它有：{}",
    "name another one with --column": "请用 --column 指定另一列",
    "no column of {} names photos; it has: {}": "{} 没有照片所在的列；它有：{}",
    "name it with --column": "请用 --column 指定",
    "the manifest of {} names no column with keys": "{} 的清单没有指明键所在的列",
    "is its fileSchema whole?": "它的 fileSchema 完整吗？",
    "{} is a packed archive: only plain tar files are read as tar shards": "{} 是压缩包：只有普通的 tar 文件会作为 tar 分片读取",
    "unpack it first": "请先解压",
    "{}, line {}: has more than {} letters": "{} 第 {} 行：超过 {} 个字符",
    "is it a list of photos?": "它是照片列表吗？",
    "{} is listed in no order": "{} 的列表没有顺序",
    "--engine ray needs Ray, which is not installed": "--engine ray 需要 Ray，但没有安装",
    # the review
    "a mark is one of {}; found {}": "标记可取 {}；实际是 {}",
    "there is no photo {}": "没有照片 {}",
    "{} cannot be shown": "{} 无法显示",
    "port {} cannot be served: {}": "无法使用端口 {}：{}",
    "choose another one with --port": "请用 --port 换一个",
    "the review of {} is at {}": "{} 的复查页面：{}",
    "not found": "没有找到",
    "a mark is sent as JSON with an id": "标记以带 id 的 JSON 发送",
    # status, merge, export
    "--export writes .jsonl, .csv or .parquet; found {}": "--export 可写 .jsonl、.csv 或 .parquet；实际是 {}",
    "wait for it": "请等它结束",
    "a batch is at work on {}": "有批处理正在使用 {}",
    "name another folder with --into": "请用 --into 指定其他文件夹",
    "expected a folder that was a --manifest, or a file": "需要用作 --manifest 的文件夹，或一个文件",
    "there is no manifest in {}": "{} 中没有清单",
    "name the folders that were given with --manifest": "请给出用 --manifest 指定过的文件夹",
    "--marked is one of good, redo, hand; found {}": "--marked 可取 good、redo、hand；实际是 {}",
    "--state is one of {}; found {}": "--state 可取 {}；实际是 {}",
    "latest run began {}": "最近一次运行开始于 {}",
    "the batch on {} was one of tar shards, each of which keeps its manifest: there is nothing to merge": (
        "{} 上的批处理以 tar 分片进行，每个分片保留自己的清单：没有可合并的"
    ),
    "later runs go on from them; `gigamatte batch status` and `batch export` read all of them": (
        "以后的运行会从这些清单继续；`gigamatte batch status` 和 `batch export` 会读取全部清单"
    ),
    "{} manifest{} of tar shards left out: each is kept with its tar shard": (
        "{0} 个 tar 分片的清单未合并：每个都随其分片保留"
    ),
    "{} is the only manifest: there is nothing to merge": "{} 是唯一的清单：没有可合并的",
    "{} photo{} of {} manifest{}: {}": "{0} 张照片，来自 {2} 个清单：{4}",
    "{} photo{} in several manifests: the latest of each was taken": "{0} 张照片在多个清单中：各取最新的一条",
    "{} photo{} left out: the result of another one has the same name": "{0} 张照片被略过：另一张的结果同名",
    "{} photo{}: {}": "{0} 张照片：{2}",
    "cost": "费用",
    "shard": "分片",
    "at work": "运行中",
    "right": "已完成",
    "left": "剩余",
    "MP/s": "MP/秒",
    "time left": "剩余时间",
    "machine hours": "机器小时",
    # dry runs, watching, figures
    "{} of {} photo{} would be cut ({}); {} right already": "{1} 张照片中有 {0} 张待抠（{3}）；{4} 张已完成",
    "{} photo{} tried, {} failed": "试抠了 {0} 张，其中 {2} 张失败",
    "about {} megapixels in {} at {} a second; results {}": "约 {} 百万像素，用时 {}，每秒 {}；结果 {}",
    "cost: {}": "费用：{}",
    "--price is for --dry-run, and for `gigamatte batch status`": "--price 用于 --dry-run 和 `gigamatte batch status`",
    "--redo takes the word marked; found {}": "--redo 后面是 marked；实际是 {}",
    "marks are made with `gigamatte review OUT`": "标记由 `gigamatte review OUT` 产生",
    "--metrics takes a port, or host:port; found {}": "--metrics 取端口，或 主机:端口；实际是 {}",
    "--metrics cannot be served at {}:{}: {}": "--metrics 无法在 {}:{} 上提供：{}",
    "choose another port": "请换一个端口",
    "--watch looks again and again, and standard input is read once": "--watch 会反复查看，而标准输入只能读一次",
    "name a folder": "请指定文件夹",
    "--watch and --redo exclude each other": "--watch 与 --redo 不能同时使用",
    "--every is above 0 seconds, found {}": "--every 须大于 0 秒，实际是 {}",
    # tar shards
    "the results of this batch are {}": "这个批处理的结果是 {}",
    "say so again: --results {}": "请再次指明：--results {}",
    "{} is no longer there": "{} 已不在",
    "{} is in {}, which is not fetched for a look": "{} 在 {} 里，不会为了看一眼而下载",
    "there is no {} in {}": "{1} 里没有 {0}",
    "there is no {} in the tar shards of {}": "{1} 的 tar 分片里没有 {0}",
    "give each an OUT": "请给它们各自的 OUT",
    "{} and {} have the same name: so would their results": "{} 和 {} 同名：它们的结果也会同名",
    "{} is no range of shards": "{} 不是分片的范围",
    "for example shard-{0000..0127}.tar": "例如 shard-{0000..0127}.tar",
    "expected tar files": "需要 tar 文件",
    "{}.tar has the folder {}, which may go on in tar shards of other machines: "
    "--consistent does not go with --shard {}/{} there": (
        "{0}.tar 里有文件夹 {1}，它在别的机器的 tar 分片里可能还有照片：这里 --consistent 不能与 --shard {2}/{3} 同用"
    ),
    "leave out --shard, or use --engine ray": "请去掉 --shard，或使用 --engine ray",
    "{} holds {}: results would be mixed with sources": "{} 里有 {}：结果会和原文件混在一起",
    "{} does not go with tar shards": "{} 不能与 tar 分片同用",
    "unpack them first, or leave it out": "请先解包，或去掉它",
    "name another folder": "请换一个文件夹",
    "{} cannot be unpacked in {}: {}": "{} 无法在 {} 中解包：{}",
    "make room there": "请在那里腾出空间",
    "{} is no whole tar file: {}": "{} 不是完整的 tar 文件：{}",
    "it has no end: is it still being copied?": "它没有结尾：是否还在复制？",
    "{}.tar: {} is left out: {}": "{}.tar：略去 {}：{}",
    "{}.tar: {} sample{} without a photo left out": "{0}.tar：{1} 个样本没有照片，已略去",
    "it is no plain file": "不是普通文件",
    "another member has its name": "另一个成员已用了这个名称",
    "its name leads elsewhere": "名称指向别处",
    "its name is hidden": "名称是隐藏的",
    "its name has letters that no file should have": "名称里有文件不该有的字符",
    "its name is too long": "名称太长",
    "--tar-photos is a whole number from 1 on, found {}": "--tar-photos 需要从 1 开始的整数，得到 {}",
    "expected a mask for each photo, under the photo's name": "需要每张照片一个同名蒙版",
    "{} is empty": "{} 是空的",
    "{} is a film: hints for it are written by hand": "{} 是影片：它的提示要手写",
    "is it in a tar shard, or was it moved?": "它是在 tar 分片里，还是被移动了？",
    "marks and hints are sent as JSON": "标记和提示以 JSON 发送",
    "pip install {}": "pip install {}",
    "--results is files or tars; found {}": "--results 为 files 或 tars，实际是 {}",
    "--tar-photos and --tar-size are for results in tar shards": "--tar-photos 和 --tar-size 用于放进 tar 分片的结果",
    "leave out --results files": "请去掉 --results files",
    "the tar shards there have {} photo{} each, and --tar-photos says {}": "那里的 tar 分片各有 {0} 张照片，而 --tar-photos 为 {2}",
    "say the same number, or name another OUT": "请给同样的数，或换一个 OUT",
    "{} is a source and is never replaced": "{} 是原文件，从不替换",
    "name another OUT": "请换一个 OUT",
    "the cluster lost {}": "集群丢失了 {}",
    "it has more than {} members": "它的成员超过 {} 个",
    "its headers are nested without end": "它的头部无止境地嵌套",
    "a header has {} bytes, expected at most {}": "一个头部有 {} 字节，最多应为 {}",
    "a header is none that a program would write": "有一个头部不会是程序写的",
    "a member has too many holes": "一个成员的空洞太多",
    "a size is below zero": "有一个大小小于零",
    "about {} photo{} would be cut ({}); {} right already": "约 {0} 张照片要抠（{2}）；{3} 张已经正确",
}

#: help of the commands
BATCH_HELP: dict[str, str] = {
    "Tell how far the batches on OUT are, how fast, and what failed.": "说明 OUT 上的批处理做到哪里、有多快、哪些失败。",
    "Make one manifest of those of many shards or machines.": "把多个分片或机器的清单合成一个。",
    "Write the photos of OUT as JSON lines, CSV or Parquet.": "把 OUT 的照片写成 JSON 行、CSV 或 Parquet。",
    (
        "Tell how far the batches on OUT are, how fast, and what failed.\n\n\b\ngigamatte batch status cutouts/\n"
        "gigamatte batch status s3://shop/out /data/manifests/*     manifests that lie elsewhere\n\n"
        "Reads the manifests only: no photo is listed, and batches may be at work meanwhile. Machine hours are those of all\n"
        "runs; --price makes costs of them. Exit code 0, whatever the batches' own was."
    ): (
        "说明 OUT 上的批处理做到哪里、有多快、哪些失败。\n\n\b\ngigamatte batch status cutouts/\n"
        "gigamatte batch status s3://shop/out /data/manifests/*     清单在别处\n\n"
        "只读清单：不列照片，批处理可同时运行。机器小时是所有运行的总和；--price 由此算出费用。\n"
        "无论批处理本身的退出码是什么，这里都是 0。"
    ),
    (
        "Make one manifest of those of many shards or machines.\n\n"
        "Later runs on OUT without --shard go on from it, and no photo is looked at. The others are left as they are."
    ): ("把多个分片或机器的清单合成一个。\n\n以后不带 --shard 的运行从它接着做，不查看任何照片。其他清单保持原样。"),
    (
        "Write the photos of OUT as JSON lines, CSV or Parquet.\n\n\b\ngigamatte batch export cutouts/ photos.parquet\n"
        "gigamatte batch export cutouts/ by-hand.csv --marked hand"
    ): (
        "把 OUT 的照片写成 JSON 行、CSV 或 Parquet。\n\n\b\ngigamatte batch export cutouts/ photos.parquet\n"
        "gigamatte batch export cutouts/ by-hand.csv --marked hand"
    ),
    "Judge a batch's results on a local page: the most doubtful first, marked with a key.": (
        "在本地页面上复查批处理的结果：最不确定的在前，按键标记。"
    ),
    (
        "Judge a batch's results on a local page: the most doubtful first, marked with a key.\n\n\b\n"
        "gigamatte review cutouts/\n"
        'gigamatte batch photos/ cutouts/ --redo marked --model birefnet-hr     what was marked "redo"\n'
        "gigamatte batch export cutouts/ by-hand.csv --marked hand              what needs a hand\n\n"
        "Keys: arrows move, Enter looks at it in full, G good, R redo, H needs a hand, U takes the mark away, E points at\n"
        "what is meant: such hints are kept in NAME.hints.json beside the photo, and the next run cuts it with them. Marks\n"
        "are kept in the manifest at once, also while a batch is at work. Ctrl-C ends it. Only this machine reaches the page."
    ): (
        "在本地页面上复查批处理的结果：最不确定的在前，按键标记。\n\n\b\n"
        "gigamatte review cutouts/\n"
        "gigamatte batch photos/ cutouts/ --redo marked --model birefnet-hr     标记为“重做”的\n"
        "gigamatte batch export cutouts/ by-hand.csv --marked hand              需要手工处理的\n\n"
        "按键：方向键移动，回车查看全图，G 好，R 重做，H 手工，U 取消标记，E 指出主体：这些提示保存在照片旁的\n"
        "NAME.hints.json 里，下次运行按它们重抠。标记立即写入清单，批处理同时运行也可以。Ctrl-C 结束。只有本机能打开该页面。"
    ),
    "Port of the page, on this machine only. [0 = any]": "页面的端口，仅限本机。[0 = 任意]",
    "Open it in the browser.": "在浏览器中打开。",
    "Network of the previews while hints are given. [auto]": "给提示时预览所用的网络。[auto]",
    "The folder or URI with the results.": "存放结果的文件夹或 URI。",
    "Folders that were given as --manifest, or files in them.": "用作 --manifest 的文件夹，或其中的文件。",
    "What an hour of one worker costs: adds a column.": "一个进程每小时的费用：增加一列。",
    "Write one report of all shards.": "写一份包含所有分片的报告。",
    "Print JSON instead of a table.": "输出 JSON 而不是表格。",
    "Where the one manifest goes. [OUT's own]": "合并后的清单放在哪里。[OUT 自己的位置]",
    "Where to write: .jsonl, .csv or .parquet.": "写到哪里：.jsonl、.csv 或 .parquet。",
    "Only photos in this state.": "只要这种状态的照片。",
    "Only photos with this mark of the review.": "只要复查时有此标记的照片。",
    "Write the manifest: .jsonl, .csv or .parquet.": "写出清单：.jsonl、.csv 或 .parquet。",
    "Go on for ever: cut what comes into IN, once it rests.": "一直运行：IN 中来了照片、写完之后就抠。",
    "How often --watch looks.": "--watch 多久看一次。",
    "Do only photos again that the review has marked so.": "只重做复查时标记为重做的照片。",
    "Say what would be done, and how long it takes; 20 photos are tried.": "说明会做什么、要多久；会试抠 20 张。",
    "With --dry-run: what an hour of this machine costs.": "与 --dry-run 合用：本机每小时的费用。",
    "Serve figures for Prometheus. [HOST 127.0.0.1]": "为 Prometheus 提供指标。[HOST 127.0.0.1]",
}

#: the review page
REVIEW_PAGE: dict[str, str] = {
    "Review": "复查",
    "Good": "好",
    "Redo": "重做",
    "By hand": "手工",
    "All": "全部",
    "Unmarked": "未标记",
    "Keys: arrows move, Enter looks, G good, R redo, H by hand, U unmarked, E hints, Ctrl+Z undoes": (
        "按键：方向键移动，回车查看，G 好，R 重做，H 手工，U 取消标记，E 提示，Ctrl+Z 撤销"
    ),
    "Hints": "提示",
    "Point at what is meant (E)": "指出主体（E）",
    "Loading …": "正在加载……",
    "Close": "关闭",
    "That is all.": "就这些。",
    "done again": "已重做",
    "doubt": "不确定度",
    "cannot be shown": "无法显示",
    "The mark could not be kept: is the command still running?": "标记未能保存：命令还在运行吗？",
}
