"""The headings of help."""

HEADINGS: dict[str, str] = {
    "Arguments": "参数",
    "Commands": "命令",
    "Files": "文件",
    "The subject": "主体",
    "Its edge": "边缘",
    "Size and place": "尺寸和位置",
    "Around the subject": "主体周围",
    "What is written": "写出的内容",
    "Films and animated pictures": "影片和动图",
    "This machine": "本机",
    "What is said": "输出信息",
    "Runs": "运行",
    "Tar shards": "tar 分片",
    "Many machines": "多台机器",
}
