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
    "{} photos failed in an earlier run and are left alone: --retry-failed tries them again": (
        "{} 张照片在以前的运行中失败，不再尝试：--retry-failed 可重试"
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
    "{} is listed in no order": "{} 的列表没有顺序",
}
